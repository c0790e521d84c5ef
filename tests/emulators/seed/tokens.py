"""How many tokens things have: a tokenizer of the emulator's own, and the provider's formulas for media.

No tokenizer of this model is public. This one cuts text by a regular expression: a word of up to eight letters with
the space before it, one to three digits, one sign, or at most two characters of Chinese, Japanese and Korean. On the
MT-bench questions that is 4.2 characters per token, with code and tables 3.3, in Chinese 1.7. It is deterministic and
lossless: the pieces joined are the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from tests.emulators.seed.request import Message, Part, Settings

# Measured: "What are the common cruciferous plants?" has 41 input tokens (API reference, section 7); here 28 + 5 + 8.
HEAD_TOKENS = 28
MESSAGE_TOKENS = 5

# Description of the search tool in the prompt; an assumption, since no measurement of it is known.
TOOL_TOKENS = 180

# Image formulas by detail, of the provider's image page (API reference, section 4).
PIXELS_PER_TOKEN = 1_764
LOW_TOKENS = (1, 1_280)
HIGH_TOKENS = 1_280
XHIGH_TOKENS = (1_280, 5_120)

# Video formulas of the provider's video page; the label "[t second]" of a frame is taken as 12 tokens.
FRAMES = (16, 1_280)
FRAME_TOKENS = (64, 384)
VIDEO_TOKENS = 81_920
LABEL_TOKENS = 12

# Each page of a document is read as an image (API reference, section 4).
PAGE_TOKENS = 1_280

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_PIECE = re.compile(rf"[{_CJK}]{{1,2}}| ?[^\W\d_{_CJK}]{{1,8}}| ?\d{{1,3}}|\n+|[^\S\n]+(?=\s|$)| ?[^\w\s]|.", re.DOTALL)


def pieces(text: str) -> list[str]:
    """The tokens of `text`; joined they are `text`."""
    return _PIECE.findall(text)


def clamp(value: float, bounds: tuple[float, float]) -> float:
    """`value` moved into the closed range `bounds`."""
    low, high = bounds
    return min(max(value, low), high)


def image_tokens(width: int, height: int, detail: str) -> int:
    """Tokens of an image of that many pixels; `detail` is low, high or xhigh."""
    by_size = math.ceil(width * height / PIXELS_PER_TOKEN)
    match detail:
        case "low":
            return int(clamp(by_size, LOW_TOKENS))
        case "xhigh":
            return int(clamp(by_size, XHIGH_TOKENS))
        case _:
            return HIGH_TOKENS


def limited_image_tokens(width: int, height: int, pixels: tuple[int, int]) -> int:
    """Tokens of an image scaled into a range of pixels, which wins over its detail."""
    return math.ceil(clamp(width * height, pixels) / PIXELS_PER_TOKEN)


def video_tokens(seconds: float, width: int, height: int, fps: float) -> int:
    """Tokens of a video: frames, each at most its share of the whole, and a label per frame."""
    frames = int(clamp(math.ceil(seconds * fps), FRAMES))
    share = clamp(VIDEO_TOKENS // frames, FRAME_TOKENS)
    frame = clamp(math.ceil(width * height / PIXELS_PER_TOKEN), (FRAME_TOKENS[0], share))
    return frames * (int(frame) + LABEL_TOKENS)


def document_tokens(pages: int) -> int:
    """Tokens of a PDF document."""
    return pages * PAGE_TOKENS


def render(messages: tuple[Message, ...], settings: Settings) -> list[str]:
    """The prompt as tokens; a change of thinking or of the search tool changes its very beginning."""
    tokens = [f"<head thinking={settings.enable_thinking} search={settings.enable_web_search}>"] * HEAD_TOKENS
    if settings.enable_web_search:
        tokens += ["<tool>"] * TOOL_TOKENS
    for message in messages:
        tokens += [f"<{message.role}>"] * MESSAGE_TOKENS
        for part in message.parts:
            tokens += _part_tokens(part)
    return tokens


def _part_tokens(part: Part) -> list[str]:
    return pieces(part.text) if part.kind == "text" else [f"<{part.digest}>"] * part.tokens


def cut(tokens: list[str], size: int) -> Iterator[str]:
    """The text of `tokens`, `size` of them at a time."""
    for start in range(0, len(tokens), size):
        yield "".join(tokens[start : start + size])


MEDIA_LIMITS: Mapping[str, int] = {  # bytes, by URL or base64 (API reference, section 4)
    "image": 10_000_000,
    "video": 50_000_000,
    "document": 50_000_000,
    "audio": 25_000_000,
}
