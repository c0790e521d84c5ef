"""Tables as text: every cell stays readable, and what is finished stays when the text grows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import settled_tables, split, tables_as_text
from tests.unit.delivery.markdown import DOCUMENTS, TABLES, TEXTS, code_in, tokens

NARROW = "| name | n |\n|:---|---:|\n| **a** | 1 |\n| 漢字 | `x\\|y` |\n"
WIDE = f"| name | text |\n|---|---|\n| a | {'long ' * 12}|\n| b | short |\n"


def test_a_narrow_table_is_aligned_in_a_code_block() -> None:
    assert tables_as_text(NARROW) == "```\nname  n\n----  ---\na     1\n漢字  x|y\n```\n"


def test_a_wide_table_is_a_list_with_names() -> None:
    long = ("long " * 12).strip()
    assert tables_as_text(WIDE) == f"- **name:** a\n  **text:** {long}\n- **name:** b\n  **text:** short\n"


def test_text_around_a_table_stays() -> None:
    assert tables_as_text(f"before\n\n{NARROW}\nafter") == f"before\n\n{tables_as_text(NARROW)}\nafter"


@given(TEXTS)
def test_no_table_is_left(text: str) -> None:
    outside = [token for token in tokens(tables_as_text(text)) if token.type == "table_open" and token.level == 0]
    assert not outside or "`" in text or "~" in text or "<" in text


@given(st.one_of(DOCUMENTS, TABLES), st.integers(20, 80))
def test_every_cell_is_still_there(text: str, widest: int) -> None:
    shown = tables_as_text(text, widest=widest)
    for token in tokens(text):
        if token.type == "inline" and token.level == 4:
            assert all(word in shown for word in token.content.split())


@given(TEXTS, TEXTS)
def test_what_is_settled_does_not_change_when_the_text_grows(text: str, more: str) -> None:
    end = settled_tables(text)
    assert 0 <= end <= len(text)
    assert tables_as_text(text + more).startswith(tables_as_text(text[:end]))


@given(st.lists(TABLES, min_size=1, max_size=4).map("\n\n".join), st.integers(60, 300))
def test_the_text_of_tables_is_split_like_any_other(text: str, limit: int) -> None:
    shown = tables_as_text(text)
    pieces = split(shown, limit=limit)
    assert "".join(piece.text for piece in pieces) == shown
    assert "".join(code_in(piece.shown) for piece in pieces) == code_in(shown)
