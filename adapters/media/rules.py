"""Rules of the operator for reading files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.types import MediaKind

DocsMode = Literal["extract", "pages", "file_part"]
EVERY_KIND: frozenset[MediaKind] = frozenset({"image", "video", "document"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """Rules for every file: how PDFs are given to the model, and which media it takes."""

    docs: DocsMode = "extract"
    takes: frozenset[MediaKind] = EVERY_KIND
