"""Pictures look the same, weigh less and tell nothing about the person."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageCms

from adapters.media import media_limits
from adapters.media.read_file import read_file
from adapters.media.rules import ReadingRules
from bot.types import FileTerms, Media, ReadFile, UnreadableFile
from tests.unit.media import samples

CORNERS = {"red": (0.1, 0.1), "lime": (0.9, 0.1), "blue": (0.1, 0.9), "white": (0.9, 0.9)}
COLOURS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def read(data: bytes, **terms: Any) -> tuple[Media, str]:
    """The picture in a file, and the note about it."""
    outcome = read_file("a", data, FileTerms(**terms), ReadingRules())
    assert isinstance(outcome, ReadFile), outcome
    return outcome.media[0], outcome.note


def reason(data: bytes, **terms: Any) -> str:
    outcome = read_file("a", data, FileTerms(**terms), ReadingRules())
    assert isinstance(outcome, UnreadableFile)
    return outcome.reason


def opened(media: Media) -> Image.Image:
    image = Image.open(io.BytesIO(media.data))
    image.load()
    assert Image.MIME[image.format or ""] == media.media_type
    return image


def assert_upright(media: Media) -> None:
    """Every corner has its colour."""
    image = opened(media).convert("RGB")
    for name, (x, y) in CORNERS.items():
        found = image.getpixel((int(x * image.width), int(y * image.height)))
        assert isinstance(found, tuple)
        assert all(abs(one - other) < 24 for one, other in zip(found, COLOURS[name], strict=True)), (name, found)


@pytest.mark.parametrize(
    "form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "ICO", "ICNS", "SGI", "JPEG2000", "AVIF", "MPO"]
)
def test_every_format_shows_the_same_picture(form: str) -> None:
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    media, note = read(samples.saved(samples.drawing(200, 200), form, **options))
    assert_upright(media)
    assert note == ""
    assert (media.kind, media.tokens) == ("image", 1_280)


def test_a_picture_of_a_phone_shows_the_same_picture() -> None:
    media, _ = read(samples.heic(samples.drawing()))
    assert media.media_type == "image/jpeg"
    assert_upright(media)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "I", "F", "LA", "RGBA", "PA", "YCbCr"])
def test_every_way_of_storing_pixels_is_understood(mode: str) -> None:
    drawn = samples.drawing()
    source = drawn.convert("L") if mode in {"I;16", "I", "F", "LA", "PA"} else drawn
    if mode == "I;16":
        image = source.convert("I").point(lambda value: value * 257).convert("I;16")
    elif mode == "PA":
        image = drawn.convert("RGBA").convert("PA")
    else:
        image = source.convert(mode)
    form = "TIFF" if mode in {"CMYK", "F", "YCbCr", "I"} else "GIF" if mode == "PA" else "PNG"
    media, _ = read(samples.saved(image.convert("P") if mode == "PA" else image, form))
    grey = opened(media).convert("L")
    light, dark = grey.getpixel((250, 150)), grey.getpixel((50, 150))
    assert isinstance(light, int | float)
    assert isinstance(dark, int | float)
    assert (light > 240, dark < 80) == (True, True)  # the white corner and the blue one


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_turned_photo_is_made_upright(turned: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = samples.drawing() if turned == 1 else samples.drawing().transpose(undo[turned])
    exif = Image.Exif()
    exif[0x0112] = turned
    media, _ = read(samples.saved(stored, "JPEG", exif=exif, quality=95))
    assert opened(media).size == (300, 200)
    assert_upright(media)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_nothing_but_the_pixels_is_passed_on(form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 7.0)
    media, _ = read(samples.saved(samples.drawing(), form, exif=exif, comment="SECRETCOMMENT"))
    assert b"SECRET" not in media.data
    assert not opened(media).getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & opened(media).info.keys()


def test_colours_of_another_profile_become_plain_ones() -> None:
    """In a profile whose red and green have changed places, what is stored as red is seen as green."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = plain.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    named = swapped.replace("sRGB".encode("utf-16-be"), "other".encode("utf-16-be")[:8])
    media, _ = read(samples.saved(Image.new("RGB", (50, 50), (255, 0, 0)), "PNG", icc_profile=named))
    red, green, blue = opened(media).getpixel((9, 9))  # type: ignore[misc]  # RGB pixels are tuples
    assert (red < 40, green > 215, blue < 40) == (True, True, True)


def test_a_broken_profile_is_passed_over() -> None:
    media, _ = read(samples.saved(samples.drawing(), "PNG", icc_profile=b"broken"))
    assert_upright(media)


def test_transparency_stays() -> None:
    image = samples.drawing(mode="RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    media, _ = read(samples.saved(image, "PNG"))
    assert media.media_type == "image/png"
    assert opened(media).tobytes() == image.tobytes()


def test_transparency_of_a_palette_stays() -> None:
    image = samples.drawing(mode="P")
    media, _ = read(samples.saved(image, "GIF", transparency=image.getpixel((5, 5))))
    assert opened(media).getpixel((5, 5)) == (255, 0, 0, 0)
    assert opened(media).getpixel((295, 5)) == (0, 255, 0, 255)


@pytest.mark.parametrize(
    ("detail", "size"),
    [
        pytest.param("low", (1_840, 1_227), id="low"),
        pytest.param("high", (1_840, 1_227), id="high"),
        pytest.param("xhigh", (3_000, 2_000), id="xhigh"),
    ],
)
def test_a_larger_picture_is_scaled_to_what_is_useful(detail: str, size: tuple[int, int]) -> None:
    media, _ = read(samples.saved(samples.drawing(3_000, 2_000), "JPEG", quality=95), image_detail=detail)
    assert opened(media).size == pytest.approx(size, abs=1)
    assert_upright(media)


def test_a_small_picture_is_never_enlarged() -> None:
    media, _ = read(samples.saved(samples.drawing(20, 30), "PNG"), image_detail="xhigh")
    assert opened(media).size == (20, 30)


def test_a_picture_that_is_large_without_loss_is_written_with_little() -> None:
    media, _ = read(samples.saved(samples.noise(1_400, 1_400), "PNG"))
    assert media.media_type == "image/jpeg"
    image = samples.noise(1_400, 1_400).convert("RGBA")
    image.putalpha(99)
    media, _ = read(samples.saved(image, "PNG", compress_level=0))
    assert media.media_type == "image/webp"
    assert opened(media).mode == "RGBA"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_is_shown_and_said_to_be_so(form: str) -> None:
    others = [Image.new("RGB", (300, 200), colour) for colour in ("black", "yellow")]
    options = {"lossless": True} if form == "WEBP" else {}
    media, note = read(samples.saved(samples.drawing(), form, save_all=True, append_images=others, **options))
    assert_upright(media)
    assert note == "only the first of its 3 pictures; it moves"


def test_of_several_pages_the_first_is_shown_and_said_to_be_so() -> None:
    media, note = read(samples.saved(samples.drawing(), "TIFF", save_all=True, append_images=[samples.noise(20, 20)]))
    assert_upright(media)
    assert note == "only the first of its 2 pages"


def test_the_same_file_always_gives_the_same_bytes() -> None:
    for data in (samples.saved(samples.noise(2_000, 2_000), "JPEG"), samples.saved(samples.drawing(), "GIF")):
        assert read(data) == read(data)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        pytest.param((14, 600), "at least 15", id="narrow"),
        pytest.param((16, 2_500), "150 times", id="long"),
    ],
)
def test_a_picture_of_a_shape_that_the_api_refuses_is_named(size: tuple[int, int], said: str) -> None:
    assert said in reason(samples.saved(samples.drawing(*size), "PNG"))


def bomb(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims to be of that size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 8) + b"IDAT" + zlib.compress(bytes(8))[:8]


@pytest.mark.parametrize("size", [(9_500, 9_500), (60_000, 60_000)], ids=["warned-of", "refused-by-pillow"])
def test_a_picture_that_unpacks_to_too_much_is_refused_unread(size: tuple[int, int]) -> None:
    assert reason(bomb(*size)) == f"has more than {media_limits.DECODED_PIXELS // 1_000_000} megapixels"


def test_a_photo_of_very_many_pixels_is_unpacked_smaller() -> None:
    media, _ = read(samples.saved(Image.new("RGB", (12_000, 8_000), "red"), "JPEG"))
    assert opened(media).size == (1_840, 1_226)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_picture_that_is_cut_off_is_broken(form: str) -> None:
    data = samples.saved(samples.noise(200, 200), form)
    assert "is broken" in reason(data[: len(data) // 2])


def test_a_picture_that_stays_too_large_is_refused() -> None:
    assert "MB even when scaled down" in reason(samples.saved(samples.noise(1_000, 1_000), "PNG"), media_bytes=100_000)
