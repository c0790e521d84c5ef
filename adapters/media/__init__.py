"""Prepare attached files for the model: scaled, measured, or turned into text.

`SeparateReader` is the port's implementation; everything else here is plain functions of bytes.
"""

from adapters.media.media_limits import media_bytes
from adapters.media.reader import ReaderBounds, SeparateReader
from adapters.media.rules import EVERY_KIND, DocsMode, ReadingRules

__all__ = ["EVERY_KIND", "DocsMode", "ReaderBounds", "ReadingRules", "SeparateReader", "media_bytes"]
