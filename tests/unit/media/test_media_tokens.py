"""What media cost, against the numbers of the provider's documentation."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media import media_limits
from adapters.media.media_tokens import document_tokens, frame_count, image_tokens, scaled_size, video_tokens
from bot.context.attachments import tokens_of
from bot.context.tokens import estimate
from bot.pricing import SEED_CARD
from bot.types import Media, ReadFile, Usage
from tests.emulators.seed import tokens as emulator

sides = st.integers(1, 20_000)
details = st.sampled_from(["low", "high", "xhigh"])


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [
        pytest.param((512, 512), "low", 149, id="low-of-a-small-one"),
        pytest.param((512, 512), "high", 1_280, id="high-is-fixed"),
        pytest.param((512, 512), "xhigh", 1_280, id="xhigh-has-a-least"),
        pytest.param((1_503, 1_503), "low", 1_280, id="low-equals-high-from-here"),
        pytest.param((1_502, 1_502), "low", 1_279, id="low-just-below-high"),
        pytest.param((4_000, 4_000), "xhigh", 5_120, id="xhigh-has-a-most"),
        pytest.param((15, 15), "low", 1, id="at-least-one"),
    ],
)
def test_an_image_costs_by_pixels_and_detail(size: tuple[int, int], detail: str, tokens: int) -> None:
    assert image_tokens(*size, detail) == tokens


@pytest.mark.parametrize(
    ("seconds", "size", "fps", "tokens"),
    [
        pytest.param(5, (1_280, 720), 1, 16 * (384 + 12), id="five-seconds-have-sixteen-frames"),
        pytest.param(100, (1_280, 720), 1, 100 * (384 + 12), id="a-frame-a-second"),
        pytest.param(100, (1_280, 720), 0.2, 20 * (384 + 12), id="few-frames"),
        pytest.param(600, (1_280, 720), 1, 600 * (81_920 // 600 + 12), id="frames-share-the-whole"),
        pytest.param(9_999, (1_280, 720), 5, 1_280 * (64 + 12), id="the-most-frames"),
        pytest.param(5, (64, 64), 1, 16 * (64 + 12), id="small-frames-have-a-least"),
        pytest.param(1e300, (1, 1), 5, 1_280 * (64 + 12), id="endless"),
    ],
)
def test_a_video_costs_by_frames(seconds: float, size: tuple[int, int], fps: float, tokens: int) -> None:
    assert video_tokens(seconds, *size, fps) == tokens


def test_the_measured_clip_is_met() -> None:
    """A real clip of 5 s was billed 6,435 tokens with its question, 6,144 of them for pictures."""
    assert frame_count(5, 1) * media_limits.FRAME_TOKENS[1] == 6_144
    assert 6_144 < video_tokens(5, 1_920, 1_080, 1) < 6_435


def test_a_document_costs_by_pages() -> None:
    assert document_tokens(3) == 3_840


@given(sides, sides, details)
def test_the_formulas_agree_with_the_servers(width: int, height: int, detail: str) -> None:
    assert image_tokens(width, height, detail) == emulator.image_tokens(width, height, detail)


@given(st.floats(0, 10_000), sides, sides, st.floats(0.2, 5))
def test_the_video_formula_agrees_with_the_servers(seconds: float, width: int, height: int, fps: float) -> None:
    assert video_tokens(seconds, width, height, fps) == emulator.video_tokens(seconds, width, height, fps)


@given(sides, sides, details)
def test_scaling_only_ever_shrinks_to_what_is_useful(width: int, height: int, detail: str) -> None:
    scaled = scaled_size(width, height, detail)
    assert 1 <= scaled[0] <= width
    assert 1 <= scaled[1] <= height
    assert scaled[0] * scaled[1] <= max(media_limits.USEFUL_PIXELS[detail], 1)
    if width * height <= media_limits.USEFUL_PIXELS[detail]:
        assert scaled == (width, height)


@given(st.integers(1_000, 10_000), st.integers(1_000, 10_000), details)
def test_scaling_keeps_the_aspect(width: int, height: int, detail: str) -> None:
    scaled = scaled_size(width, height, detail)
    assert scaled[0] / scaled[1] == pytest.approx(width / height, rel=0.01)


def test_the_cost_of_a_file_is_known_before_it_is_sent() -> None:
    picture = Media(kind="image", media_type="image/png", name="a", data=b"", tokens=1_280)
    file = ReadFile(name="a", media=(picture,), text="four" * 1_000)
    tokens = 1_280 + estimate(file.text)
    assert tokens_of(file) == tokens
    assert SEED_CARD.cost(Usage(input=tokens_of(file))) == tokens * Decimal("0.31") / 1_000_000
