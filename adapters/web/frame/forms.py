"""Read posted forms: bounded in size, checked to come from a page of this person, with errors at their fields."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.web.frame.identity import identity_of
from adapters.web.frame.page_templates import CSRF_FIELD
from bot.language import gettext

FORM_LIMIT: Final = 200_000
"""Bytes of a form; a persona of 8,000 characters is the longest text in one. Uploads are read apart."""

_FIELDS: Final = 500


@dataclass(slots=True, kw_only=True)
class Form:
    """Values that somebody filled in, and what is wrong with them by field; "" is the form as a whole."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """Return what stands in a field, "" where it is not filled in."""
        return self.values.get(name, "")

    @property
    def is_valid(self) -> bool:
        """Return whether nothing was found wrong."""
        return not self.errors


async def read_form(request: Request, *, limit: int = FORM_LIMIT) -> Form:
    """Return a posted form without surrounding blanks. Raises `HTTPException` for one that no page of ours sent."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise HTTPException(413, gettext("This form is too long."))
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise HTTPException(400, gettext("This form cannot be read.")) from None
    values = {name: value.replace("\r\n", "\n").strip() for name, value in pairs}
    check_csrf(request, values.pop(CSRF_FIELD, ""))
    return Form(values=values)


def check_csrf(request: Request, token: str | None = None) -> None:
    """Raise `HTTPException` unless a request carries the token of the page it comes from; scripts send a header."""
    given = request.headers.get("x-csrf-token", "") if token is None else token
    if not hmac.compare_digest(given.encode(), identity_of(request).csrf.encode()):
        raise HTTPException(
            403, gettext("This page is too old, or somebody else signed in meanwhile. Load it anew and try again.")
        )
