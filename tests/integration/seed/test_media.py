"""Pictures, videos and documents through the client to the emulator, their tokens by the reference's formulas."""

from __future__ import annotations

import io
import struct

import pytest
from pypdf import PdfWriter

from adapters.seed.doctor import red_picture
from adapters.seed.protocols import WIRES
from adapters.seed.protocols.wire_parameters import WireName
from adapters.seed.retry_policy import DROPPED_MEDIA_NOTE
from bot.types import Entry, Finished, Media, ModelRequest, NoteFound, ParameterValue
from tests.emulators.seed.faults import Fault
from tests.emulators.seed.server import running_seed
from tests.integration.seed.test_emulator import ask, gather, opened, usage_in

IMAGE_TOKENS = 1_280  # detail "high", any size
PAGE_TOKENS = 1_280
FRAMES, FRAME_TOKENS, FRAME_LABEL = 16, 384, 12  # 5 s at one frame per second: the least number of frames
AROUND = 60  # what a part may cost beside its content


def box(name: bytes, body: bytes) -> bytes:
    """A box of an MP4 file (ISO/IEC 14496-12)."""
    return struct.pack(">I4s", 8 + len(body), name) + body


def clip() -> Media:
    """The header of a video of 5 seconds in 1280 x 720."""
    movie = struct.pack(">B3xIIII", 0, 0, 0, 1_000, 5_000) + bytes(80)
    track = bytes(76) + struct.pack(">II", 1_280 << 16, 720 << 16)
    data = box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", movie) + box(b"trak", box(b"tkhd", track)))
    tokens = FRAMES * (FRAME_TOKENS + FRAME_LABEL)
    return Media(kind="video", media_type="video/mp4", name="clip.mp4", data=data, tokens=tokens)


def paper(pages: int = 3) -> Media:
    """A PDF of blank pages."""
    writer, file = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    writer.write(file)
    tokens = pages * PAGE_TOKENS
    return Media(kind="document", media_type="application/pdf", name="paper.pdf", data=file.getvalue(), tokens=tokens)


def about(media: Media, **parameters: ParameterValue) -> ModelRequest:
    entry = Entry(role="user", text="What is it?", media=(media,))
    return ModelRequest(system_prompt="Be brief.", entries=(entry,), parameters=parameters)


@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
@pytest.mark.parametrize("media", [pytest.param(make(), id=make.__name__) for make in (red_picture, clip, paper)])
async def test_media_arrive_on_every_wire_and_cost_what_was_estimated(wire: WireName, media: Media) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        bare, _ = await gather(model, ask("What is it?"))
        events, error = await gather(model, about(media, image_detail="high", video_fps=1.0))
    assert error is None
    assert isinstance(events[-1], Finished)
    assert not [event for event in events if isinstance(event, NoteFound)]
    added = usage_in(events).input - usage_in(bare).input
    assert abs(added - media.tokens) <= AROUND


@pytest.mark.parametrize("wire", [pytest.param(name, id=name) for name in WIRES])
async def test_media_that_are_passed_over_are_noticed(wire: WireName) -> None:
    async with running_seed() as emulator, opened(wire, emulator) as model:
        emulator.faults.add(Fault(kind="media_dropped"))
        events, _ = await gather(model, about(red_picture()))
    assert NoteFound(DROPPED_MEDIA_NOTE) in events
