"""Files as programs write them, and what the model has to see of each; the cases stand beside the project."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.types import FileTerms, ReadFile
from tests.data import data_folder

FOLDER = data_folder() / "cases"
CASES = json.loads((FOLDER / "files.json").read_text(encoding="utf-8")) if FOLDER.exists() else []
IN_WORDS: dict[str, Callable[[ReadFile], bool]] = {  # cases that say in words what a test has to say in code
    "scan_with_app_mark.pdf": lambda found: (
        [media.name[-6:] for media in found.media] == ["page 1", "page 2", "page 3"]
    ),
    "scan_in_strips.pdf": lambda found: (
        [Image.open(io.BytesIO(media.data)).size for media in found.media] == [(1_240, 1_754)]
    ),
    "picture_output.ipynb": lambda found: "plot(x)" in found.text and "7 %" in found.text and len(found.media) == 1,
    "xhtml.html": lambda found: found.text.split() == ["T", "Hi"],
}

pytestmark = pytest.mark.skipif(not CASES, reason=f"the cases are not at {FOLDER}")


@pytest.mark.parametrize("case", CASES, ids=[case["file"] for case in CASES])
def test_a_file_is_seen_as_its_case_says(case: dict[str, Any]) -> None:
    name = case["file"]
    found = read_file(name, (FOLDER / "files" / name).read_bytes(), FileTerms(), ReadingRules())
    assert isinstance(found, ReadFile), found
    if name in IN_WORDS:
        assert IN_WORDS[name](found), found.text
    else:
        seen = "".join(found.text.split())
        assert [told for told in case["model_sees"] if "".join(told.split()) not in seen] == []
