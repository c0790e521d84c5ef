"""Images, videos and documents are measured by the provider's formulas."""

from __future__ import annotations

import base64
import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfWriter

from tests.emulators.seed import media, tokens
from tests.integration.seed_emulator.asking import Asker, text_of


def picture(width: int = 512, height: int = 512, kind: str = "PNG") -> bytes:
    """A picture of that many pixels."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "green").save(file, kind)
    return file.getvalue()


def box(name: bytes, body: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", 8 + len(body), name) + body


def video(seconds: float = 5, width: int = 1_280, height: int = 720, version: int = 0) -> bytes:
    """The beginning of an MP4 file: what a reader of headers needs."""
    numbers = ">B3xQQIQ" if version else ">B3xIIII"
    movie = struct.pack(numbers, version, 0, 0, 1_000, round(seconds * 1_000)) + bytes(80)
    track = bytes([version]) + bytes(87 if version else 75) + struct.pack(">II", width << 16, height << 16)
    return box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", movie) + box(b"trak", box(b"tkhd", track)))


def avi(seconds: float = 5, width: int = 640, height: int = 480) -> bytes:
    """The main header of an AVI file at 25 frames per second."""
    header = struct.pack("<14I", 40_000, 0, 0, 0, round(seconds * 25), 0, 1, 0, width, height, 0, 0, 0, 0)
    return b"RIFF" + bytes(4) + b"AVI LIST" + bytes(4) + b"hdrlavih" + struct.pack("<I", len(header)) + header


def document(pages: int = 3) -> bytes:
    """A PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def url(data: bytes, media_type: str) -> str:
    """A data URL."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def image_part(data: bytes, media_type: str = "image/png", **more: Any) -> dict[str, Any]:
    """An image as a part of a chat message."""
    return {"type": "image_url", "image_url": {"url": url(data, media_type), **more}}


async def media_tokens(seed: Asker, part: dict[str, Any], **fields: Any) -> int:
    """How many tokens a part adds to a prompt."""
    text = {"type": "text", "text": "What is it?"}
    counts = []
    for parts in ([part, text], [text]):
        body = await seed.ask("", messages=[{"role": "user", "content": parts}], **fields)
        counts.append(body["usage"]["prompt_tokens"])
    return int(counts[0] - counts[1])


@pytest.mark.parametrize(
    ("size", "detail", "count"),
    [
        pytest.param((512, 512), "low", 149, id="low"),
        pytest.param((512, 512), "high", 1_280, id="high"),
        pytest.param((512, 512), "xhigh", 1_280, id="xhigh-of-a-small-one"),
        pytest.param((2_100, 2_100), "low", 1_280, id="low-of-a-large-one"),
        pytest.param((2_100, 2_100), "xhigh", 2_500, id="xhigh"),
        pytest.param((4_000, 4_000), "xhigh", 5_120, id="xhigh-of-a-huge-one"),
    ],
)
async def test_an_image_costs_by_its_size_and_detail(
    seed: Asker, size: tuple[int, int], detail: str, count: int
) -> None:
    assert await media_tokens(seed, image_part(picture(*size)), image_detail=detail) == count
    assert await media_tokens(seed, image_part(picture(*size), detail=detail), image_detail="high") == count


async def test_a_pixel_limit_wins_over_detail(seed: Asker) -> None:
    limit = {"min_pixels": 196, "max_pixels": 1_764 * 100}
    assert await media_tokens(seed, image_part(picture(), image_pixel_limit=limit)) == 100


@pytest.mark.parametrize(
    ("seconds", "fps", "count"),
    [
        pytest.param(5, 1, 16 * (384 + 12), id="the-measured-clip"),
        pytest.param(100, 1, 100 * (384 + 12), id="a-frame-each-second"),
        pytest.param(600, 1, 600 * (81_920 // 600 + 12), id="frames-share-the-whole"),
        pytest.param(9_999, 5, 1_280 * (64 + 12), id="the-most-frames"),
        pytest.param(100, 0.2, 20 * (384 + 12), id="few-frames"),
    ],
)
async def test_a_video_costs_by_its_frames(seed: Asker, seconds: float, fps: float, count: int) -> None:
    for version in (0, 1):
        part = {"type": "video_url", "video_url": {"url": url(video(seconds, version=version), "video/mp4")}}
        assert await media_tokens(seed, part, video_fps=fps) == count
        part["video_url"]["fps"] = fps  # type: ignore[index]  # a nested dictionary
        assert await media_tokens(seed, part) == count


async def test_an_avi_is_read_too(seed: Asker) -> None:
    part = {"type": "video_url", "video_url": {"url": url(avi(40), "video/x-msvideo")}}
    assert await media_tokens(seed, part) == 40 * (-(-640 * 480 // 1_764) + 12)


async def test_a_document_costs_by_its_pages_on_each_wire(seed: Asker) -> None:
    data = url(document(), "application/pdf")
    assert await media_tokens(seed, {"type": "file", "file": {"filename": "a.pdf", "file_data": data}}) == 3 * 1_280
    parts = [{"type": "input_file", "file_data": data, "filename": "a.pdf"}, {"type": "input_text", "text": "What?"}]
    body = await seed.ask("", "responses", input=[{"role": "user", "content": parts}])
    assert "- document: a.pdf, 3 pages, 3840 tokens" in text_of("responses", body)
    source = {"type": "base64", "media_type": "application/pdf", "data": data.partition(",")[2]}
    blocks = [{"type": "document", "source": source}, {"type": "text", "text": "What?"}]
    body = await seed.ask("", "messages", messages=[{"role": "user", "content": blocks}])
    assert "3 pages, 3840 tokens" in text_of("messages", body)


async def test_images_and_videos_are_read_on_each_wire(seed: Asker) -> None:
    image, clip = url(picture(), "image/png"), url(video(), "video/mp4")
    parts = [{"type": "input_image", "image_url": image, "detail": "low"}, {"type": "input_video", "video_url": clip}]
    body = await seed.ask("", "responses", input=[{"role": "user", "content": parts}])
    said = text_of("responses", body)
    assert "512x512 pixels, detail low, 149 tokens" in said
    assert "5 seconds, 1280x720 pixels at 1 frames per second, 6336 tokens" in said
    source = {"type": "base64", "media_type": "image/png", "data": image.partition(",")[2]}
    body = await seed.ask("", "messages", messages=[{"role": "user", "content": [{"type": "image", "source": source}]}])
    assert "512x512 pixels, detail high, 1280 tokens" in text_of("messages", body)


async def test_an_address_is_not_fetched_and_counts_as_assumed(seed: Asker) -> None:
    assert await media_tokens(seed, {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}) == 1_280


def refused(part: dict[str, Any], code: str, id: str) -> Any:
    """A part that cannot be used, and the code that says so."""
    return pytest.param(part, code, id=id)


def picture_at(address: object) -> dict[str, Any]:
    """An image part with that address."""
    return {"type": "image_url", "image_url": {"url": address}}


def clip_of(data: bytes, **more: Any) -> dict[str, Any]:
    """A video part with those bytes."""
    return {"type": "video_url", "video_url": {"url": url(data, "video/mp4"), **more}}


def file_of(data: bytes, media_type: str) -> dict[str, Any]:
    """A file part with those bytes."""
    return {"type": "file", "file": {"file_data": url(data, media_type)}}


FORMAT = "InvalidImageURL.InvalidFormat"
DETAIL = "InvalidArgumentError.InvalidImageDetail"
PIXELS = "InvalidArgumentError.InvalidPixelLimit"

BAD = [
    refused(image_part(picture(), "image/jpeg"), FORMAT, "another-type"),
    refused(image_part(b"no picture"), FORMAT, "no-picture"),
    refused(image_part(picture(14, 600)), FORMAT, "too-narrow"),
    refused(image_part(picture(20, 3_100)), FORMAT, "too-long"),
    refused(image_part(picture(), detail="auto"), DETAIL, "detail-auto"),
    refused(image_part(picture(), image_pixel_limit={"min_pixels": 1}), PIXELS, "pixel-limit"),
    refused(picture_at("file:///etc/passwd"), FORMAT, "local-file"),
    refused(picture_at("data:image/png;base64,***"), FORMAT, "no-base64"),
    refused(picture_at(None), "MissingParameter", "no-address"),
    refused({"type": "image_url", "image_url": "https://example.org/a.png"}, "InvalidParameter", "a-string"),
    refused({"type": "image_url"}, "InvalidParameter", "nothing"),
    refused(clip_of(b"no video"), "InvalidParameter", "no-video"),
    refused(clip_of(video(), fps=9), "InvalidParameter", "too-many-frames"),
    refused(file_of(b"text", "text/plain"), "InvalidParameter", "no-pdf"),
    refused(file_of(b"%PDF-1.7 broken", "application/pdf"), "InvalidParameter", "broken-pdf"),
    refused({"type": "file", "file": {"file_id": "file-1"}}, "MissingParameter", "uploaded"),
]


@pytest.mark.parametrize(("part", "code"), BAD)
async def test_media_that_cannot_be_used_are_refused(seed: Asker, part: dict[str, Any], code: str) -> None:
    response = await seed.post("", messages=[{"role": "user", "content": [part]}])
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


async def test_media_beyond_their_limit_are_refused(seed: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tokens.MEDIA_LIMITS, "image", 100)
    response = await seed.post("", messages=[{"role": "user", "content": [image_part(picture())]}])
    assert "more than 100 bytes" in response.json()["error"]["message"]


async def test_the_same_media_stay_in_the_cached_beginning(seed: Asker) -> None:
    parts = [image_part(picture()), {"type": "text", "text": "What is it?"}]
    for data, hit in ((512, 0), (512, 1_024), (513, 0)):
        parts[0] = image_part(picture(data, 512))
        body = await seed.ask("", messages=[{"role": "user", "content": parts}], enable_caching=True)
        assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == hit


@given(st.binary(max_size=200), st.sampled_from([b"", b"\0\0\0\x0cftypisom", b"RIFF\0\0\0\0AVI "]))
def test_no_header_confuses_the_readers(data: bytes, start: bytes) -> None:
    for read in (media.mp4_header, media.avi_header):
        found = read(start + data)
        assert found is None or found.seconds >= 0


@given(st.integers(0, 200))
def test_a_header_that_is_cut_is_no_video(length: int) -> None:
    whole = video()
    found = media.mp4_header(whole[:length])
    assert found is None or length >= len(whole)
