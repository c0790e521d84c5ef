"""Who asked is notified once of an answer that took long, and of no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.turns.asker_notices import DONE
from bot.types import Turn, TurnId
from tests.fakes import RecordingPlatform, incoming, words
from tests.house import House


class NotifyingPlatform(RecordingPlatform):
    def __init__(self) -> None:
        super().__init__()
        self.notified: list[tuple[TurnId, str]] = []

    async def notify(self, turn: Turn, text: str) -> None:
        self.notified.append((turn.id, text))


class NotifyingHouse(House):
    def open(self) -> None:
        self.platform: NotifyingPlatform = NotifyingPlatform()
        super().open()


@pytest.mark.parametrize(
    ("seconds", "setting", "private", "times"),
    [
        pytest.param(31, "yes", False, 1, id="long"),
        pytest.param(29, "yes", False, 0, id="short"),
        pytest.param(31, "no", False, 0, id="not-wanted"),
        pytest.param(31, "yes", True, 0, id="private"),
    ],
)
async def test_only_a_long_answer_is_told_of(seconds: int, setting: str, private: bool, times: int) -> None:
    house = NotifyingHouse(words("Because."))
    await house.inbox.handle(incoming(f"/set notify {setting}", 8))
    asked_at = house.clock() - timedelta(seconds=seconds)
    await house.ask("Why?", sent_at=asked_at, private=private)
    await house.dispatcher.aclose(grace=10)
    assert house.platform.notified == [(1, DONE)] * times
