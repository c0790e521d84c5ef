"""A picture, a PDF and a short video are asked about over the real client, and are billed by the formulas."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from PIL import Image

from adapters.media import ReadingRules, SeparateReader, media_bytes
from adapters.media.media_limits import REQUEST_BYTES
from adapters.media.media_tokens import document_tokens, image_tokens, video_tokens
from adapters.seed import SeedModel, open_seed
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from bot.context.attachments import AttachmentLoader, tokens_of
from bot.context.request_builder import RequestBuilder, RequestOptions
from bot.parameter_resolver import resolve
from bot.parameters import Effective
from bot.types import (
    Entry,
    FileTerms,
    Finished,
    Media,
    ModelRequest,
    ReadFile,
    TextDelta,
    Turn,
    TurnState,
    Usage,
    UsageReported,
)
from storage.in_memory.store import MemoryStore
from tests.emulators.seed.options import API_KEY
from tests.emulators.seed.server import RunningSeed, running_seed
from tests.fakes import FixedRates, ManualClock, RecordingPlatform, incoming
from tests.unit.media import samples
from tests.unit.media.readers import Shelf
from tests.unit.media.test_files import attached

PHOTO = samples.saved(samples.drawing(3_000, 2_000), "JPEG")
CLIP = samples.mp4(5)
PAPER = samples.pdf("one", "two", "three")
NATIVE = ReadingRules(docs="file_part")


@pytest.fixture
async def emulator() -> AsyncIterator[RunningSeed]:
    async with running_seed() as running:
        yield running


async def asked(emulator: RunningSeed, wire: WireName, *entries: Entry, **parameters: Any) -> tuple[str, Usage]:
    """The answer and what the server counted."""
    request = ModelRequest(system_prompt="Be brief.", entries=entries, parameters=parameters)
    async with open_seed(base_url=emulator.url, api_key=API_KEY, model="seed-2-0-lite", wire=wire) as model:
        return await answered(model, request)


async def answered(model: SeedModel, request: ModelRequest) -> tuple[str, Usage]:
    text, usage, finished = "", Usage(), False
    async with aclosing(model.stream(request)) as events:
        async for event in events:
            match event:
                case TextDelta(piece):
                    text += piece
                case UsageReported(counted):
                    usage = counted
                case Finished():
                    finished = True
    assert finished
    assert not usage.estimated
    return text, usage


async def ready(data: bytes, **terms: Any) -> tuple[Media, ReadFile]:
    found = await SeparateReader(NATIVE).read("a", data, FileTerms(**terms))
    assert isinstance(found, ReadFile)
    return found.media[0], found


def wires_for(*names: WireName) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in names])


async def billed(emulator: RunningSeed, wire: WireName, media: Media, **parameters: Any) -> int:
    """How many tokens a file adds to a prompt, as the server counts them."""
    question = Entry(role="user", text="What is it?")
    _, with_media = await asked(emulator, wire, Entry(role="user", text="What is it?", media=(media,)), **parameters)
    _, without = await asked(emulator, wire, question, **parameters)
    return with_media.input - without.input


@wires_for(*WIRES)
@pytest.mark.parametrize("detail", ["low", "high", "xhigh"])
async def test_a_picture_is_billed_as_estimated(emulator: RunningSeed, wire: WireName, detail: str) -> None:
    media, file = await ready(PHOTO, image_detail=detail)
    size = Image.open(io.BytesIO(media.data)).size
    if detail == "low":
        assert 1_275 < media.tokens <= 1_280  # as many pixels as are of use
    assert media.tokens == image_tokens(*size, detail)
    assert await billed(emulator, wire, media, image_detail=detail) == media.tokens
    assert tokens_of(file) == media.tokens


@wires_for("chat", "responses")
@pytest.mark.parametrize("fps", [1.0, 5.0])
async def test_a_video_is_billed_as_estimated(emulator: RunningSeed, wire: WireName, fps: float) -> None:
    media, _ = await ready(CLIP, video_fps=fps)
    assert media.tokens == video_tokens(5, 1_280, 720, fps)
    assert await billed(emulator, wire, media, video_fps=fps) == media.tokens


@wires_for("chat", "responses")
async def test_a_native_pdf_is_billed_as_estimated(emulator: RunningSeed, wire: WireName) -> None:
    media, _ = await ready(PAPER)
    assert media.tokens == document_tokens(3) == await billed(emulator, wire, media)


async def test_what_people_attach_arrives(emulator: RunningSeed) -> None:
    """From attachments over the builder, the reader and the client to the server, in one question."""
    shelf = Shelf(
        {"photo": PHOTO, "clip": CLIP, "paper": samples.pdf("The rope costs seven dollars."), "bad": b"\0\1\2"}
    )
    files = AttachmentLoader(reader=SeparateReader(), sources={"fake": shelf}, media_bytes=media_bytes(REQUEST_BYTES))
    question = incoming("What are these?", attachments=attached("photo", "clip", "paper", "bad"))
    turn = Turn(id=1, incoming=question, state=TurnState.RUNNING, epoch=1, attempt=1)
    effective: dict[str, Effective] = dict(resolve([]))
    clock = ManualClock()
    async with open_seed(base_url=emulator.url, api_key=API_KEY, model="seed-2-0-lite") as model:
        platforms, options = {"fake": RecordingPlatform()}, RequestOptions(files=files)
        builder = RequestBuilder(MemoryStore(clock=clock), model, FixedRates(), platforms, clock=clock, options=options)
        prepared = await builder.build(turn, effective)
        _, usage = await answered(model, prepared.request)
    kinds = [part["type"] for part in emulator.requests[-1].body["messages"][-1]["content"]]
    assert kinds == ["image_url", "video_url", "text"]
    said = emulator.requests[-1].body["messages"][-1]["content"][-1]["text"]
    assert "The rope costs seven dollars." in said
    assert len(prepared.notices) == 1
    reason = prepared.notices[0].removeprefix("'bad.bin' was not read: it ").removesuffix(".")
    assert f"(attached but not available: bad.bin, because it {reason})" in said
    media = sum(item.tokens for item in prepared.request.entries[-1].media)
    assert media == 1_280 + video_tokens(5, 1_280, 720, 1)
    assert usage.input == pytest.approx(prepared.window.tokens, rel=0.05)
