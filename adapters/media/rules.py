"""Rules of the operator for reading files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from adapters.media.media_limits import UnpackLimits
from bot.types import MediaKind

DocsMode = Literal["auto", "text", "pages", "file_part"]
EVERY_KIND: frozenset[MediaKind] = frozenset({"image", "video", "document", "audio"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """Rules for every file: how PDFs are given to the model, which media it takes, and what files may unfold to."""

    docs: DocsMode = "auto"
    takes: frozenset[MediaKind] = EVERY_KIND
    limits: UnpackLimits = field(default_factory=UnpackLimits)
