"""Choose which files the model in use gets, and how."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.media import EVERY_KIND, ReadingRules, SeparateReader, media_bytes
from adapters.media.media_limits import REQUEST_BYTES
from adapters.seed.client import dialect_of
from bot.context.attachments import AttachmentLoader
from bot.ports import FileSource, Platform
from bot.settings import Settings
from bot.types import MediaKind


def make_files(settings: Settings, platforms: Mapping[str, Platform]) -> AttachmentLoader:
    """Return how attachments are read: those of every platform that is a `FileSource` as well."""
    sources = {name: item for name, item in platforms.items() if isinstance(item, FileSource)}
    rules = ReadingRules(docs=settings.docs_mode, takes=kinds_taken(settings))
    return AttachmentLoader(reader=SeparateReader(rules), sources=sources, media_bytes=media_bytes(REQUEST_BYTES))


def kinds_taken(settings: Settings) -> frozenset[MediaKind]:
    """Return the media that the model can be shown: the embedded one reads text only, and only Seed sees all
    kinds.

    Other servers have pictures in common, and so has the Messages wire, whose videos and documents are unconfirmed
    (API fact sheet, section 3.7).
    """
    if settings.uses_local_model:
        return frozenset()
    dialect = settings.seed_dialect or dialect_of(settings.model_url, settings.seed_model)
    if dialect == "plain" or settings.seed_wire == "messages":
        return frozenset({"image"})
    return EVERY_KIND
