"""Going on with a turn that has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput, ModelRejected
from bot.turns.followups import UNDER_WAY, once_more
from bot.types import Attachment, FollowUp, Incoming, Outcome, Person, Task, Turn, TurnState
from tests.fakes import incoming, words
from tests.house import House

NOW = datetime(2020, 1, 2, tzinfo=UTC)
GRACE = Person(id="g", name="Grace")


def pressed(number: int) -> Incoming:
    """A press of Ada, who asked, on a button."""
    return incoming("", 90 + number, sent_at=NOW)


def ended(state: TurnState, *burst: Incoming, **changes: object) -> Turn:
    return Turn(
        id=7,
        incoming=incoming("why?", 1, **changes),
        state=state,
        epoch=1,
        attempt=1,
        reply_ref="r1",
        coalesced=burst,
    )


def test_a_retry_asks_everything_again_into_the_same_message() -> None:
    first, second = once_more(ended(TurnState.FAILED, incoming("and how?", 2)), FollowUp.RETRY, by=GRACE, at=NOW)
    assert (first.text, first.reply_ref, first.message_id) == ("why?", "r1", incoming("why?", 1).message_id)
    assert (second.text, second.reply_ref) == ("and how?", "")
    assert len({first.dedupe_key, second.dedupe_key}) == 2


def test_another_answer_is_a_new_question_into_the_same_message() -> None:
    file = Attachment(id="f", name="f.png")
    (asked,) = once_more(ended(TurnState.DONE, attachments=(file,)), FollowUp.REGENERATE, by=GRACE, at=NOW)
    assert "why?" in asked.text
    assert (asked.author, asked.sent_at, asked.message_id, asked.attachments) == (GRACE, NOW, "", ())
    assert asked.reply_ref == "r1"


def test_the_rest_goes_into_a_new_message() -> None:
    (asked,) = once_more(ended(TurnState.DONE), FollowUp.CONTINUE, by=GRACE, at=NOW)
    assert "go on" in asked.text
    assert asked.reply_ref == ""


def test_another_summary_is_the_same_order_again() -> None:
    (asked,) = once_more(ended(TurnState.DONE, task=Task.SUMMARY), FollowUp.REGENERATE, by=GRACE, at=NOW)
    assert (asked.text, asked.task, asked.reply_ref) == ("why?", Task.SUMMARY, "r1")


def test_an_answer_that_is_recorded_has_ended_though_notes_are_still_made() -> None:
    turn = replace(ended(TurnState.RUNNING), outcome=TurnState.DONE)
    assert once_more(turn, FollowUp.REGENERATE, by=GRACE, at=NOW)
    with pytest.raises(InvalidInput, match="has been answered"):
        once_more(turn, FollowUp.RETRY, by=GRACE, at=NOW)


@pytest.mark.parametrize("how", FollowUp)
@pytest.mark.parametrize("state", TurnState)
def test_only_what_has_ended_that_way_is_gone_on_with(state: TurnState, how: FollowUp) -> None:
    fits = state is TurnState.FAILED if how is FollowUp.RETRY else state in {TurnState.DONE, TurnState.CANCELLED}
    if fits:
        assert once_more(ended(state), how, by=GRACE, at=NOW)
    else:
        with pytest.raises(InvalidInput):
            once_more(ended(state), how, by=GRACE, at=NOW)


async def test_a_failed_question_is_answered_in_its_own_message_once() -> None:
    house = House([ModelRejected("no")], words("Because."))
    failed = await house.ask("why?")
    assert failed.state is TurnState.FAILED
    first, second = pressed(1), pressed(2)
    assert (await house.inbox.follow_up(1, FollowUp.RETRY, asked=first)).outcome is Outcome.ANSWERING
    assert (await house.inbox.follow_up(1, FollowUp.RETRY, asked=first)).outcome is Outcome.DUPLICATE
    assert (await house.inbox.follow_up(1, FollowUp.RETRY, asked=second)).text == UNDER_WAY
    assert (await house.inbox.follow_up(1, FollowUp.RETRY, asked=second)).outcome is Outcome.DUPLICATE
    await house.settled()
    answered = await house.store.get_turn(2)
    before = await house.store.get_turn(1)
    assert answered is not None
    assert before is not None
    assert answered.state is TurnState.DONE
    assert answered.reply_ref == before.reply_ref


async def test_what_is_not_known_is_not_gone_on_with() -> None:
    house = House()
    with pytest.raises(InvalidInput):
        await house.inbox.follow_up(99, FollowUp.RETRY, asked=pressed(1))
    assert (await house.inbox.follow_up(99, FollowUp.RETRY, asked=pressed(1))).outcome is Outcome.DUPLICATE
