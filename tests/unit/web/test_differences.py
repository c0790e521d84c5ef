"""Two states of an answer, and what lies between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.web.playground.differences import grown, patch, step
from bot.types import ChannelMessage, Draft, Person
from tests.fakes import START

TEXTS = st.text(st.sampled_from("ab\n\N{ROCKET}é"), max_size=40)
MESSAGE = ChannelMessage(workspace="w", channel="c", id="m", author=Person(id="b", name="B"), text="", at=START)


@given(TEXTS, TEXTS)
def test_a_patch_makes_the_newer_text_counting_as_browsers_do(before: str, after: str) -> None:
    found = patch(before, after)
    if found is None:
        assert before == after
        return
    start, cut, text = found
    units = before.encode("utf-16-le")
    assert units[: 2 * start] + text.encode("utf-16-le") + units[2 * (start + cut) :] == after.encode("utf-16-le")


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_steps_make_the_newer_answer(before: str, after: str, thought: str, more: str) -> None:
    one = Draft(status="thinking", text=before, reasoning=thought)
    other = Draft(status="writing", text=after, reasoning=more, notices=("n",))
    assert grown(one, step(MESSAGE, one, other)) == other


def test_what_grows_at_its_end_is_told_by_its_end() -> None:
    assert patch("<p>Once</p>", "<p>Once upon</p>") == (7, 0, " upon")
    draft = step(MESSAGE, Draft(status="writing", text="x" * 60_000), Draft(status="writing", text="x" * 60_001)).draft
    assert draft is not None
    assert draft.text == "x"


def test_a_step_behind_a_gap_is_no_state() -> None:
    event = step(MESSAGE, Draft(status="writing", text="abc"), Draft(status="writing", text="abcd"))
    assert grown(Draft(status="writing", text="ab"), event) is None
