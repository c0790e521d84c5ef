"""Small files made to cost as much as they can cost little, and people are told."""

from __future__ import annotations

import pytest

from adapters.media import SeparateReader
from adapters.media.media_limits import SMALL_FILE
from bot.types import FileTerms, ReadFile
from tests.unit.media.bombs import BOMBS

WHOLE = {"svg-laughs", "text-base64"}  # their text as it stands is all that there is to them
ENDED = "pdf-forms"  # in 3 s, as most others are
QUICK = {ENDED, "docx-laughs", "pdf-large-page", "zip-many", "zip-nested", "notebook-deep", "mail-nested", *WHOLE}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in sorted(BOMBS)]
)
async def test_a_bomb_is_told_and_takes_no_more_than_a_small_file_may(name: str) -> None:
    data = BOMBS[name]()
    assert len(data) < SMALL_FILE  # so that the system itself ends the process after `SMALL_FILE_SECONDS`
    found = await SeparateReader().read(name, data, FileTerms())
    if not isinstance(found, ReadFile):
        assert found.reason
    elif name not in WHOLE:
        assert found.note
        assert found.advice
    if name == ENDED:
        assert not isinstance(found, ReadFile)
        assert found.reason.startswith("takes longer to read than a file of its size may")
