"""Count the tokens of media before they are sent, by the provider's formulas (API fact sheet, section 4). Pure."""

from __future__ import annotations

import math

from adapters.media import media_limits
from bot.context.tokens import SECOND_OF_SOUND


def image_tokens(width: int, height: int, detail: str) -> int:
    """Return the tokens of an image of that many pixels; `detail` is low, high or xhigh.

    low: min(w * h / 1764, 1280). high: always 1280. xhigh: w * h / 1764 from 1280 to 5120. Parts count as whole.
    """
    least, most = media_limits.IMAGE_TOKENS[detail]
    return min(max(math.ceil(width * height / media_limits.PIXELS_PER_TOKEN), least), most)


def frame_count(seconds: float, fps: float) -> int:
    """Return how many frames of a video are looked at: `seconds * fps`, from 16 to 1280."""
    least, most = media_limits.FRAMES
    wanted = math.ceil(min(seconds * fps, float(most)))
    return min(max(wanted, least), most)


def video_tokens(seconds: float, width: int, height: int, fps: float) -> int:
    """Return the tokens of a video: each frame by its pixels, at most its share of 81,920, and a label for each."""
    frames = frame_count(seconds, fps)
    least, most = media_limits.FRAME_TOKENS
    share = min(max(media_limits.VIDEO_TOKENS // frames, least), most)
    frame = min(max(math.ceil(width * height / media_limits.PIXELS_PER_TOKEN), least), share)
    return frames * (frame + media_limits.FRAME_LABEL_TOKENS)


def audio_tokens(seconds: float) -> int:
    """Return about the tokens of a sound."""
    return math.ceil(seconds * SECOND_OF_SOUND)


def document_tokens(pages: int) -> int:
    """Return the tokens of a PDF that is sent as a file: each page is looked at as an image."""
    return pages * media_limits.PAGE_TOKENS


def scaled_size(width: int, height: int, detail: str) -> tuple[int, int]:
    """Return the largest size of the same aspect that is of use at `detail`; the size itself when it is no larger."""
    useful = media_limits.USEFUL_PIXELS[detail]
    if width * height <= useful:
        return width, height
    factor = math.sqrt(useful / (width * height))
    scaled = max(1, int(width * factor)), max(1, int(height * factor))
    while scaled[0] * scaled[1] > useful:  # a side of one pixel was rounded up
        scaled = (max(1, useful // scaled[1]), scaled[1]) if scaled[0] > scaled[1] else (scaled[0], useful // scaled[0])
    return scaled
