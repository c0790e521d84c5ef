"""The rows of data/cases/policy.json: which have a test, and which are not kept yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from bot.errors import InvalidInput

EVERYWHERE: Final = ("playground", "slack", "discord", "pigeon")

COVERED: set[str] = set()
"""The rows that have a test."""

NOT_YET: Final[Mapping[str, str]] = {}
"""Why a row, or a part of it ("row, part"), fails; whoever brings the ability takes the line away."""


def row(id: str, *platforms: str, part: str = "") -> Callable[[Any], Any]:
    """Run a test over platforms as the one of a row of the file, or of a part of the row."""
    COVERED.add(id)
    cases = []
    for platform in platforms:
        names = (id, f"{id}, {platform}", f"{id}, {part}")
        reason = next((NOT_YET[name] for name in names if name in NOT_YET), "")
        marks = [pytest.mark.xfail(strict=True, raises=(AssertionError, InvalidInput), reason=reason)] if reason else []
        cases.append(pytest.param(platform, marks=marks, id=platform))
    return pytest.mark.parametrize("chat", cases, indirect=True)
