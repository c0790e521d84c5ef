"""Rows of `seedling doctor`: one for each thing that can be wrong, each within a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

LOOK_SECONDS: Final = 20.0
"""How long what was tried in a channel stays there to be looked at."""

CHECK_SECONDS: Final = 30.0
"""How long one check may take unless somebody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One row of the table; `ok` is None where a check does not apply, `fix` "" where nothing is to be done."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


async def within(seconds: float, check: Awaitable[Check], *, name: str, fix: str) -> Check:
    """Return what `check` finds, or that it failed or took longer than `seconds`; `name` and `fix` are for that row."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        return Check(name=name, ok=False, detail=f"stopped after {seconds:g} s without an answer", fix=fix)
    except Exception as error:  # noqa: BLE001 - the row tells; the other checks are done all the same
        return Check(name=name, ok=False, detail=f"the answer could not be read ({type(error).__name__})", fix=fix)
