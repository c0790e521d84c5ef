"""Remember in somebody's browser how they like pages: light or dark, and in which language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame.forms import read_form
from adapters.web.frame.languages import LANGUAGE_COOKIE
from adapters.web.frame.page_templates import THEME_COOKIE, THEMES
from adapters.web.frame.routes import PageRoute, local_path, page
from adapters.web.roles import WebRole
from bot.language import languages

YEAR_SECONDS: Final = 365 * 24 * 3600


def preference_routes() -> Sequence[PageRoute]:
    """Return the address of the form."""
    return [page("/preferences", _remember, methods=("POST",), needs=WebRole.STRANGER)]


async def _remember(request: Request) -> Response:
    """Keep what was chosen; what the form does not have stays as it is."""
    form = await read_form(request)
    response = RedirectResponse(local_path(form["next"]), 303)
    for name, cookie, known in (("theme", THEME_COOKIE, THEMES), ("language", LANGUAGE_COOKIE, languages())):
        if form[name] in known:
            response.set_cookie(cookie, form[name], max_age=YEAR_SECONDS, samesite="lax")
    return response
