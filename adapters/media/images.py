"""Prepare pictures for the model: upright, in sRGB, no larger than useful, and without metadata.

The same bytes always give the same bytes, so that a conversation's beginning stays as it is.
"""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageCms, ImageOps

from adapters.media import media_limits
from adapters.media.job import FileNote, Job, made
from adapters.media.media_tokens import image_tokens, scaled_size
from adapters.media.unreadable import Unreadable
from bot.types import FileTerms, Media, ReadFile
from bot.types.said import Said

LOSSY: Final = frozenset({"JPEG", "MPO", "HEIC", "AVIF"})
"""Formats that have lost detail already, so that another such format loses nothing more that anybody would see."""

_FRAMES_ADVICE: Final = Said("Attach the others as files of their own, or as a video (MP4).")
_PILLOW_FORMATS: Final = {"JPEG": ("JPEG", "MPO"), "BMP": ("BMP", "DIB")}
_TRANSPARENT: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_PIECES: Final = frozenset({"TIFF"})  # more images in one file are pages; elsewhere they move
_GREY_16: Final = 65_535
_GAP: Final = 3.0  # Pillow: indistinguishable from full resampling, and much faster for large pictures


def read_image(job: Job) -> ReadFile:
    """Return the image made ready. Raises `Unreadable`."""
    image, note = open_image(job.form, job.data, job.terms.image_detail)
    media = image_media(job.name, image, job.terms, lossy=job.form in LOSSY)
    return made(job.name, media=(media,), notes=[FileNote(note, _FRAMES_ADVICE)] if note else [])


def image_media(name: str, image: Image.Image, terms: FileTerms, *, lossy: bool) -> Media:
    """Return an opened image as media, turned upright in place; `lossy` says that it comes from a lossy
    format.

    Raises `Unreadable`.
    """
    check_size(image)
    ImageOps.exif_transpose(image, in_place=True)
    upright = plain_colours(image)
    size = scaled_size(*upright.size, terms.image_detail)
    if size != upright.size:
        upright = _smaller(upright, size)
    check_shape(*upright.size)
    media_type, encoded = encode(upright, lossy=lossy)
    if len(encoded) > min(media_limits.IMAGE_BYTES, terms.media_bytes):
        raise Unreadable("is an image of {size} even when scaled down", size=media_limits.megabytes(len(encoded)))
    tokens = image_tokens(*upright.size, terms.image_detail)
    return Media(kind="image", media_type=media_type, name=name, data=encoded, tokens=tokens)


def check_size(image: Image.Image) -> None:
    """Raise `Unreadable` for an image that unpacks to more than is sensible, before it is unpacked."""
    if image.width * image.height > media_limits.DECODED_PIXELS:
        raise _too_many_pixels()


def check_shape(width: int, height: int) -> None:
    """Raise `Unreadable` for an image that the API would refuse by its shape."""
    size = f"{width}x{height}"
    if min(width, height) < media_limits.LEAST_SIDE or width * height < media_limits.LEAST_PIXELS:
        raise Unreadable(
            "is {size} pixels small, and each side needs at least {least}",
            size=size,
            least=media_limits.LEAST_SIDE,
        )
    if max(width, height) > media_limits.MOST_ASPECT * min(width, height):
        raise Unreadable(
            "is {size} pixels, longer than {most} times its width", size=size, most=media_limits.MOST_ASPECT
        )


def plain_colours(image: Image.Image) -> Image.Image:
    """Return the same picture with eight bits a channel in sRGB: grey, RGB or RGBA, and nothing else beside
    the pixels.
    """
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    elif image.mode == "P" or image.mode in _TRANSPARENT or "transparency" in image.info:
        has_alpha = image.mode in _TRANSPARENT or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    if profile:
        image = _in_srgb(image, profile)
    return image if image.mode in {"L", "RGB", "RGBA"} else image.convert("RGB")


def encode(image: Image.Image, *, lossy: bool) -> tuple[str, bytes]:
    """Return a media type and the bytes: PNG where that is small and nothing was lost before, otherwise JPEG
    or WebP.
    """
    bare = Image.new(image.mode, image.size)
    bare.paste(image)  # the pixels alone: no EXIF, no place, no comment, no thumbnail
    if not lossy:
        png = _written(bare, "PNG", compress_level=6)
        if len(png) <= media_limits.LOSSLESS_BYTES:
            return "image/png", png
    if image.mode == "RGBA":
        return "image/webp", _written(bare, "WEBP", quality=media_limits.QUALITY, method=4)
    return "image/jpeg", _written(bare, "JPEG", quality=media_limits.QUALITY, subsampling=0, optimize=True)


# ---------------------------------------------------------------- opening


def open_image(form: str, data: bytes, detail: str) -> tuple[Image.Image, str]:
    """Return an image, and a note where more are in its file; `form` is its format. Raises `Unreadable`."""
    try:
        with warnings.catch_warnings(category=Image.DecompressionBombWarning, action="ignore"):
            image = _open_heic(data) if form == "HEIC" else _open_by_pillow(form, data)
        if image.format in {"JPEG", "MPO"}:
            _draft(image, detail)
        check_size(image)
        image.load()
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    count = getattr(image, "n_frames", 1)
    if count == 1 or image.format in {"MPO", "ICO", "ICNS"}:
        return image, ""
    if form in _PIECES:
        return image, Said("only the first of its {count} pages", count=count)
    return image, Said("only the first of its {count} pictures; it moves", count=count)


def _open_by_pillow(form: str, data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=_PILLOW_FORMATS.get(form, (form,)))


def _open_heic(data: bytes) -> Image.Image:
    import pillow_heif  # noqa: PLC0415 - large, and seldom needed

    file = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    width, height = file.size
    if width * height > media_limits.DECODED_PIXELS:
        raise _too_many_pixels()
    image: Image.Image = file.to_pillow()
    return image


def _draft(image: Image.Image, detail: str) -> None:
    """Let JPEG decode at a half, quarter or eighth where that still has all useful pixels: less time and memory."""
    width, height = scaled_size(*image.size, detail)
    image.draft(None, (width, height))


def _too_many_pixels() -> Unreadable:
    return Unreadable("has more than {count} megapixels", count=media_limits.DECODED_PIXELS // 1_000_000)


# ---------------------------------------------------------------- pixels


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits as it stands; of 32 bits or of real numbers over the range that it uses, since none is stated."""
    wide = image.convert("F")
    low, high = wide.getextrema()
    if not (isinstance(low, float) and isinstance(high, float)):
        raise Unreadable("is an image of an unknown depth")
    if image.mode.startswith("I;16"):
        low, high = 0.0, float(_GREY_16)
    factor = 255 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * factor - low * factor).convert("L")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(embedded).lower():
            return image
        target = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(image, embedded, ImageCms.createProfile("sRGB"), outputMode=target)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a broken profile changes shades at most
    return converted if converted is not None else image


def _smaller(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.mode != "RGBA":
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_GAP)
    weighted = image.convert("RGBa").resize(
        size, Image.Resampling.LANCZOS, reducing_gap=_GAP
    )  # hidden colours must not bleed in
    return weighted.convert("RGBA")


def _written(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
