"""Choose which files the model in use gets, and how."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.media import EVERY_KIND, ReadingRules, SeparateReader, media_bytes
from adapters.media.media_limits import REQUEST_BYTES
from adapters.seed import SeedModel
from adapters.seed.client import dialect_of
from adapters.seed.transcriptions import SeedSounds
from bot.access.metered_sounds import MeteredSounds
from bot.context.attachments import AttachmentLoader
from bot.ports import FileSource, Ledger, Model, Platform, Rates
from bot.settings import Settings
from bot.types import MediaKind


def make_files(
    settings: Settings, platforms: Mapping[str, Platform], sounds: MeteredSounds | None = None
) -> AttachmentLoader:
    """Return how attachments are read: those of every platform that is a `FileSource` as well.

    Sound is passed on by the reader in any case; `sounds` knows whether the model takes it, or what is said in it.
    """
    sources = {name: item for name, item in platforms.items() if isinstance(item, FileSource)}
    rules = ReadingRules(docs=settings.docs_mode, takes=kinds_taken(settings) | {"audio"})
    reader, most = SeparateReader(rules), media_bytes(REQUEST_BYTES)
    return AttachmentLoader(reader=reader, sources=sources, media_bytes=most, sounds=sounds)


def sounds_of(settings: Settings, model: Model, ledger: Ledger, rates: Rates) -> MeteredSounds | None:
    """Return who hears sound: the server, whatever it is; nobody where the embedded model answers."""
    if not isinstance(model, SeedModel) or settings.uses_local_model:
        return None
    return MeteredSounds(SeedSounds(model), ledger, rates)


def kinds_taken(settings: Settings) -> frozenset[MediaKind]:
    """Return the media that the model can be shown, sound aside: the embedded one reads text only, and only Seed sees
    all kinds.

    Other servers have pictures in common, and so has the Messages wire, whose videos and documents are unconfirmed
    (API fact sheet, section 3.7).
    """
    if settings.uses_local_model:
        return frozenset()
    dialect = settings.seed_dialect or dialect_of(settings.model_url, settings.seed_model)
    if dialect == "plain" or settings.seed_wire == "messages":
        return frozenset({"image"})
    return EVERY_KIND - {"audio"}
