"""Short ways to read a file in a test."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.types import FileTerms, ReadFile, UnreadableFile


def read(data: bytes, rules: ReadingRules | None = None, **terms: Any) -> ReadFile:
    """What was read of a file that can be."""
    found = read_file("a", data, FileTerms(**terms), rules or ReadingRules())
    assert isinstance(found, ReadFile), found
    return found


def lines_of(data: bytes, **terms: Any) -> list[str]:
    """The lines of its text that say anything."""
    return [line for line in read(data, **terms).text.splitlines() if line.strip()]


def reason(data: bytes, rules: ReadingRules | None = None) -> str:
    """Why a file is not read."""
    found = read_file("a", data, FileTerms(), rules or ReadingRules())
    assert isinstance(found, UnreadableFile), found
    return found.reason


def packed(parts: Mapping[str, bytes | str]) -> bytes:
    """A ZIP archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()
