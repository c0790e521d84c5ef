"""What models write, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.summary.parse_output import RawPoint, read_form
from bot.types import Section

WHOLE = """Headline: The release moves to Friday

Main points
- The build is green again [3] [5]
- Ada found the leak [4, 6-8].

**Decisions**
* Ship on Friday [9]

## Open Questions:
1. Who tells the customers? [10]
Action items
- Bea: write the notes [11]
"""


def test_the_form_is_read_whole() -> None:
    said = read_form(WHOLE)
    assert said.headline == "The release moves to Friday"
    assert said.points == {
        Section.MAIN: [
            RawPoint(text="The build is green again", numbers=(3, 5)),
            RawPoint(text="Ada found the leak.", numbers=(4, 6, 7, 8)),
        ],
        Section.DECISIONS: [RawPoint(text="Ship on Friday", numbers=(9,))],
        Section.QUESTIONS: [RawPoint(text="Who tells the customers?", numbers=(10,))],
        Section.ACTIONS: [RawPoint(text="Bea: write the notes", numbers=(11,))],
    }


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        pytest.param("- a [1][2]", (1, 2), id="side-by-side"),
        pytest.param("- a \u30107\u3011 and \uff3b8\uff3d", (7, 8), id="other-brackets"),
        pytest.param("- a [#3]", (3,), id="hash"),
        pytest.param("- a [2] b [2]", (2,), id="twice"),
        pytest.param("- a [1-900]", (1, 900), id="a-range-that-shows-nothing"),
        pytest.param("- a [9-7]", (9, 7), id="backwards"),
        pytest.param("- a [99999999999999999999]", (), id="no-number-of-a-message"),
        pytest.param("- a [x1] b[i]", (), id="no-numbers"),
    ],
)
def test_numbers_are_read_however_they_are_written(line: str, numbers: tuple[int, ...]) -> None:
    (point,) = read_form(f"Main points\n{line}").points[Section.MAIN]
    assert point.numbers == numbers


def test_a_model_that_keeps_to_no_form_is_read_as_well() -> None:
    said = read_form("They talk about boats.\nThe tide is high [2]\nAda leaves [3]")
    assert said.headline == "They talk about boats."
    assert [point.numbers for point in said.points[Section.MAIN]] == [(2,), (3,)]


def test_what_was_cut_in_the_middle_loses_its_last_line() -> None:
    said = read_form("- one [1]\n- two [2]\n- and then [", is_cut=True)
    assert [point.text for point in said.points[Section.MAIN]] == ["one", "two"]
    assert read_form("- all of it [1]", is_cut=True).points[Section.MAIN]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    said = read_form(text)
    for points in said.points.values():
        assert all(point.text.strip() and "\n" not in point.text for point in points)
