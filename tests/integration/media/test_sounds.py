"""What people say in their files is heard by the model, by the server's transcriptions, or by their platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.media import ReadingRules, SeparateReader
from adapters.media.media_tokens import audio_tokens
from adapters.seed import SeedModel, open_seed
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.transcriptions import SeedSounds
from bot.access.metered_sounds import MeteredSounds
from bot.context.attachments import AttachmentLoader, notices_of
from bot.context.transcript import user_entry
from bot.types import Attachment, FileOutcome, FileTerms, Incoming, ModelRequest, ReadFile, TextDelta, UnreadableFile
from storage.in_memory.store import MemoryStore
from tests.emulators.seed.options import API_KEY, Options, SoundSupport
from tests.emulators.seed.server import running_seed
from tests.fakes import KEY, FixedRates, ManualClock, incoming, running
from tests.unit.media.readers import Shelf
from tests.unit.media.samples import spoken

CLIP = spoken()
QUESTION = incoming("What do I say?", attachments=(Attachment(id="a", name="clip.wav"),))
ON_SLACK = incoming("What do I say?", attachments=(Attachment(id="a", name="clip.wav", transcript="Ship it on\u2026"),))


@asynccontextmanager
async def hearing(sound: SoundSupport, wire: WireName = "chat") -> AsyncIterator[tuple[SeedModel, AttachmentLoader]]:
    """A model whose server hears so much, and the loader of an installation that uses it."""
    async with (
        running_seed(Options(sound=sound)) as emulator,
        open_seed(base_url=emulator.url, api_key=API_KEY, model="seed-2-0-lite", wire=wire) as model,
    ):
        reader, sources = SeparateReader(ReadingRules()), {"fake": Shelf({"a": CLIP})}
        store = MemoryStore(clock=ManualClock())
        await store.enqueue(QUESTION)
        await store.claim(KEY, worker="w")
        sounds = MeteredSounds(SeedSounds(model), store, FixedRates())
        yield model, AttachmentLoader(reader=reader, sources=sources, media_bytes=10_000_000, sounds=sounds)


async def heard(loader: AttachmentLoader, question: Incoming = QUESTION) -> FileOutcome:
    return (await loader.read(running(question), [question], FileTerms()))["a"]


@pytest.mark.parametrize("wire", ["chat", "responses"])
async def test_a_model_that_takes_sound_is_sent_it(wire: WireName) -> None:
    async with hearing("model", wire) as (model, loader):
        outcome = await heard(loader)
        assert isinstance(outcome, ReadFile)
        assert [(media.kind, media.media_type, media.tokens) for media in outcome.media] == [
            ("audio", "audio/wav", audio_tokens(len(CLIP) / 16_000))
        ]
        entry = user_entry(QUESTION, files={"a": outcome}).entry
        request = ModelRequest(system_prompt="Be brief.", entries=(entry,), parameters={})
        assert "".join([event.text async for event in model.stream(request) if isinstance(event, TextDelta)])


@pytest.mark.parametrize("how", ["transcriptions", "jobs"])
async def test_else_the_server_writes_down_what_is_said(how: SoundSupport) -> None:
    async with hearing(how) as (_, loader):
        outcome = await heard(loader)
        assert isinstance(outcome, ReadFile)
        assert outcome.text == f"These are {len(CLIP)} bytes of sound.wav."
        assert notices_of({"a": outcome}) == (
            f"About 'clip.wav': heard as a transcript: \"{outcome.text}\". If words are wrong, write what was said.",
        )


@pytest.mark.parametrize("wire", ["chat", "messages"])
async def test_else_the_transcript_of_the_platform_is_read(wire: WireName) -> None:
    async with hearing("none" if wire == "chat" else "model", wire) as (_, loader):
        outcome = await heard(loader, ON_SLACK)
        assert isinstance(outcome, ReadFile)
        assert outcome.text == "Ship it on\u2026"
        assert "of which only the beginning is told" in outcome.note


async def test_else_people_are_told_that_nobody_hears_it() -> None:
    async with hearing("none") as (_, loader):
        for _ in range(2):
            assert await heard(loader) == UnreadableFile(
                name="clip.wav", reason="is a sound file, which the model in use does not take"
            )
    silent = AttachmentLoader(
        reader=SeparateReader(ReadingRules()), sources={"fake": Shelf({"a": CLIP})}, media_bytes=1
    )
    assert isinstance(await heard(silent), UnreadableFile)
