"""Splitting: nothing is lost, everything fits, each piece can be read alone, and growth changes only the last one."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.delivery import Piece, Splitter, split
from tests.unit.delivery.markdown import (
    CODE_LINES,
    DOCUMENTS,
    LIMITS,
    TABLES,
    TEXTS,
    code_in,
    fenced,
    real_answers,
    tokens,
)


def escaped(text: str) -> int:
    """What a platform counts that escapes as Slack does."""
    return len(html.escape(text, quote=False))


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


SIZES = st.sampled_from([len, escaped, utf16])


def assert_whole(text: str, pieces: list[Piece], limit: int) -> None:
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert all(piece.shown.startswith(piece.before) and piece.shown.endswith(piece.after) for piece in pieces)
    assert max((len(piece.shown) for piece in pieces), default=0) <= limit


@given(TEXTS, LIMITS, SIZES)
def test_nothing_is_lost_and_every_piece_fits(text: str, limit: int, size: Callable[[str], int]) -> None:
    pieces = split(text, limit=limit, size=size)
    assert_whole(text, pieces, limit)
    assert all(size(piece.shown) <= limit for piece in pieces)


@given(TEXTS, TEXTS, LIMITS, SIZES)
def test_growth_changes_the_last_piece_only(text: str, more: str, limit: int, size: Callable[[str], int]) -> None:
    settled = split(text, limit=limit, size=size)[:-1]
    assert split(text + more, limit=limit, size=size)[: len(settled)] == settled


@given(TEXTS, st.lists(st.integers(1, 80), max_size=40), st.integers(50, 200))
def test_a_splitter_of_a_growing_text_gives_what_split_gives(text: str, steps: list[int], limit: int) -> None:
    splitter = Splitter(limit=limit)
    end = 0
    for step in steps:
        end += step
        assert splitter.split(text[:end]) == split(text[:end], limit=limit)


@given(TEXTS, TEXTS)
@example("a." * 28 + "\n\n" + "b " * 30, "a." * 28 + "\n\nb")  # the beginning of what was divided
@example("a." * 28 + "\n\n" + "b " * 30, "a." * 28 + "\n\n```\nc\n```")  # as far as the first piece the same
@example("a.\n\n" * 20 + "```\nc\n```", "a.\n\n" * 16)
@example("b " * 40, "b " * 30 + "c")
def test_a_splitter_of_another_text_begins_anew(text: str, other: str) -> None:
    splitter = Splitter(limit=60)
    splitter.split(text)
    assert splitter.split(other) == split(other, limit=60)


@given(DOCUMENTS, st.integers(50, 2000))
def test_code_is_the_same_in_all_pieces_together(text: str, limit: int) -> None:
    pieces = split(text, limit=limit)
    assert "".join(code_in(piece.shown) for piece in pieces) == code_in(text)


@given(TEXTS, st.integers(50, 2000))
def test_what_follows_a_piece_is_outside_of_its_code(text: str, limit: int) -> None:
    for piece in split(text, limit=limit)[:-1]:
        if len(max(piece.shown.split("\n"), key=len)) < limit // 4:  # marks too long to be closed are text
            assert "sentinel" not in code_in(f"{piece.shown}\n\nsentinel")


@given(CODE_LINES, st.sampled_from(["> ", "- ", "1. "]), st.integers(60, 200))
def test_code_inside_of_quotes_and_lists_goes_on(lines: list[str], mark: str, limit: int) -> None:
    rest = mark if mark == "> " else " " * len(mark)
    block = fenced(lines, "py", "```").split("\n")
    text = "\n".join((mark + block[0], *(rest + line for line in block[1:])))
    pieces = split(text, limit=limit)
    assert_whole(text, pieces, limit)
    assert "".join(code_in(piece.shown) for piece in pieces) == code_in(text)


@given(TABLES, st.integers(90, 300))
def test_rows_keep_the_header_of_their_table(text: str, limit: int) -> None:
    pieces = split(text, limit=limit)
    rows = [sum(token.type == "tr_open" for token in tokens(piece.shown)) - 1 for piece in pieces]
    assert sum(rows) == len(text.split("\n")) - 2
    assert all(piece.shown.startswith("| one | two |\n|---|---|") for piece in pieces)


@given(DOCUMENTS, st.integers(150, 400))
def test_links_and_code_spans_are_whole(text: str, limit: int) -> None:
    def inner(text: str) -> list[tuple[str, str]]:
        """Links by address, code spans by content."""
        children = [child for token in tokens(text) for child in token.children or ()]
        return [
            (child.type, str(child.attrs.get("href", child.content)))
            for child in children
            if child.type in ("link_open", "code_inline", "strong_open")
        ]

    pieces = split(text, limit=limit)
    assert [item for piece in pieces for item in inner(piece.shown)] == inner(text)


@pytest.mark.parametrize("limit", [50, 333, 2000, 4000, 12_000])
def test_real_answers_are_whole_and_their_code_unchanged(limit: int) -> None:
    for text in (*real_answers(), "\n\n".join(real_answers())):
        pieces = split(text, limit=limit)
        assert_whole(text, pieces, limit)
        if limit > max(map(len, text.split("\n"))) + 30:
            assert "".join(code_in(piece.shown) for piece in pieces) == code_in(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a" * 20 + "\n\n" + "b" * 20, ["a" * 20, "b" * 20], id="between-blocks"),
        pytest.param("- " + "a" * 20 + "\n- " + "b" * 20, ["- " + "a" * 20, "- " + "b" * 20], id="between-items"),
        pytest.param("aaaa bbbb cccc dddd. " + "e " * 10, ["aaaa bbbb cccc dddd.", ("e " * 10).strip()], id="sentence"),
        pytest.param("a" * 15 + "\n\n## Title\n" + "b" * 20, ["a" * 15, "## Title\n" + "b" * 20], id="heading"),
        pytest.param("aaaa " * 5 + "claim [1] and more", [("aaaa " * 5).strip(), "claim [1] and more"], id="source"),
    ],
)
def test_the_cut_is_where_a_reader_would_make_it(text: str, shown: list[str]) -> None:
    assert [piece.shown for piece in split(text, limit=32)] == shown


@given(st.integers(0, 31), st.sampled_from(["👩‍👩‍👧‍👦", "e\u0301", "🇩🇪", "👍🏽", "\u1112\u1161\u11ab"]))
def test_no_visible_character_is_torn(offset: int, character: str) -> None:
    text = "x" * offset + character * 40
    for piece in split(text, limit=40):
        assert piece.text.strip("x").replace(character, "") == ""


def test_a_limit_too_small_for_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        split("a", limit=8)


@pytest.mark.parametrize("unit", ["[", "`", "**a", "](a", "[a](", "> ", "- ", "|", "🇩🇪", "\n", "\n> - ```", "<", "1."])
def test_hostile_texts_are_split_like_others(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert_whole(text, split(text, limit=2000), 2000)
