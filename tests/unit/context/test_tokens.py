import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.text_classes import SCRIPTS
from bot.context.tokens import (
    CORRECTION_RANGE,
    ENTRY_OVERHEAD,
    MOST_CHARACTERS,
    SAFETY_MARGIN,
    below,
    corrected,
    estimate,
    estimate_entry,
    updated_ratio,
)
from bot.types import Entry, Media

ratios = st.floats(*CORRECTION_RANGE)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("word " * 84, 100, id="short-words"),
        pytest.param("assumption " * 28, 48, id="long-words"),
        pytest.param("A" * 100, 44, id="capitals"),
        pytest.param("é" * 90, 100, id="latin-with-accents"),
        pytest.param("7" * 100, 100, id="digits"),
        pytest.param("1.5%" * 60, 250, id="digits-and-marks"),
        pytest.param("中" * 120, 100, id="chinese"),
        pytest.param("かな" * 45, 100, id="japanese"),
        pytest.param("한" * 90, 100, id="korean"),
        pytest.param("я" * 160, 100, id="cyrillic"),
        pytest.param("ع" * 100, 100, id="arabic"),
        pytest.param("ก" * 58, 100, id="thai"),
        pytest.param("क" * 85, 100, id="hindi"),
        pytest.param("ქ" * 58, 100, id="georgian"),
        pytest.param("aB" * 50, 104, id="what-changes-its-case"),
        pytest.param("kirjat " * 60, 172, id="letters-that-english-has-seldom"),
        pytest.param("mtoto " * 42, 92, id="ends-that-english-has-seldom"),
        pytest.param("😀" * 50, 100, id="emoji"),
        pytest.param("\u200e" * 50, 100, id="direction-marks"),
        pytest.param("\u0315" * 51, 102, id="marks-upon-marks"),
    ],
)
def test_text_is_counted_by_the_class_of_its_characters(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


KEY = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJ" * 4


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        pytest.param(KEY, 1.1, 1.4, id="base64"),
        pytest.param("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c", 0.95, 1.3, id="hex"),
        pytest.param("3f2504e0-4f89-41d3-9a0c-0305e82c3301", 0.9, 1.2, id="uuid"),
        pytest.param("Donaudampfschifffahrtsgesellschaft " * 4, 3.5, 4.7, id="a-long-word"),
        pytest.param("https://docs.example.com/reference/getting-started.html", 2, 4, id="an-address"),
        pytest.param("[Fri 2026-11-27 15:04 CET] Ada:", 1.2, 1.6, id="a-label"),
    ],
)
def test_a_text_takes_more_tokens_where_they_have_to_end(text: str, least: float, most: float) -> None:
    """Characters per token; the embedded model has 1.2 for base64, 1.1 for hex, and 22 tokens for the label."""
    assert least < len(text) / estimate(text) < most


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        pytest.param("a\u200fb\u200e c\u200b" * 60, (360, 420), id="direction-marks"),
        pytest.param("wo\u200brd\u200b li\u200bke " * 40, (281, 281), id="zero-width-spaces"),
        pytest.param("Donau\u00addampf\u00adschiff " * 40, (281, 361), id="soft-hyphens"),
        pytest.param("a\n" * 300, (600, 600), id="lines-of-one-letter"),
        pytest.param("x\r\ny\r\n" * 150, (600, 600), id="lines-of-windows"),
        pytest.param("   x" * 200, (400, 400), id="runs-of-blanks"),
        pytest.param("h e l l o t h e r e " * 30, (301, 301), id="letters-by-themselves"),
        pytest.param("t\u0316\u0347\u0301\u0335h\u0321\u0309\u035d\u0318" * 10, (160, 170), id="zalgo"),
    ],
)
def test_what_vocabularies_spell_out_is_not_taken_for_words(text: str, counted: tuple[int, int]) -> None:
    """Tokens of o200k and Qwen 3, which the estimate should not miss by more than a third."""
    low, high = counted
    assert 0.8 * high < estimate(text) < 1.33 * low


@pytest.mark.parametrize(
    "text",
    ["\u0645\u06cc\u200c\u062e\u0648", "\u0915\u094d\u200d\u0937", "re\u0301sume\u0301", "a b", "I am a boat.\nYes\n"],
)
def test_joiners_marks_and_short_words_of_prose_cost_nothing_more(text: str) -> None:
    alone = sum(estimate(character) for character in text)
    assert estimate(text) <= alone


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("Swahili", 111),
        ("Somali", 87),
        ("Estonian", 65),
        ("Finnish", 71),
        ("Romanian", 71),
        ("Tagalog", 76),
    ],
)
def test_a_language_without_many_accents_is_not_taken_for_english(language: str, counted: int) -> None:
    """Beside the counts of Qwen 3's vocabulary, the more sparing of two with such words."""
    assert 0.85 * counted < estimate(SCRIPTS[language]) < 1.15 * counted


def test_the_first_count_of_thai_by_a_large_vocabulary_is_learned() -> None:
    estimated = 20 * estimate(SCRIPTS["Thai"])
    assert updated_ratio(1.0, estimated=estimated, actual=20 * 61) < 0.5  # as o200k counts it


def test_media_count_as_they_were_estimated() -> None:
    picture = Media(kind="image", media_type="image/png", name="a", data=b"", tokens=1_280)
    assert estimate_entry(Entry(role="user", text="abcd", media=(picture, picture))) == 2 * 1_280 + 1 + ENTRY_OVERHEAD


SIGNS = st.text(alphabet=st.sampled_from("aaabBé \n中я😀1."))


@given(SIGNS, SIGNS)
def test_more_text_never_counts_less(text: str, more: str) -> None:
    assert estimate(text) <= estimate(text + more)


@given(st.text())
def test_an_estimate_lies_between_its_least_and_twice_the_characters(text: str) -> None:
    assert len(text) / MOST_CHARACTERS <= estimate(text) <= 2 * len(text) + 1


@given(ratios, st.integers(-5, 10**6), st.integers(-5, 10**7))
def test_a_ratio_moves_towards_what_was_counted_and_stays_in_range(ratio: float, estimated: int, actual: int) -> None:
    updated = updated_ratio(ratio, estimated=estimated, actual=actual)
    low, high = CORRECTION_RANGE
    assert low <= updated <= high
    if estimated > 0 and low <= actual / estimated <= high:
        seen = actual / estimated
        assert min(ratio, seen) - 1e-9 <= updated <= max(ratio, seen) + 1e-9
        assert abs(updated - seen) <= abs(ratio - seen)
    else:
        assert updated == ratio


@given(st.floats(0.6, 3.9), st.integers(1_000, 100_000))
def test_after_three_counts_a_steady_tokenizer_is_met_within_a_tenth(truth: float, estimated: int) -> None:
    ratio = 1.0
    for _ in range(3):
        ratio = updated_ratio(ratio, estimated=estimated, actual=round(truth * estimated))
    assert corrected(estimated, ratio) == pytest.approx(round(truth * estimated), rel=0.10)


@given(st.integers(0, 10**6))
def test_what_lies_below_a_limit_fits_even_when_the_margin_is_used_up(limit: int) -> None:
    assert 0 <= below(limit) / (1 - SAFETY_MARGIN) <= limit + 1e-6
