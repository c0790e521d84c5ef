"""What stands on the platform: messages, who wrote what into them and when, and what is not visible yet."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How long things take, in seconds: most posts arrive soon, some much later; finding lags behind."""

    late_share: float = 0.15
    longest_flight: float = 3.0
    longest_edit: float = 0.2
    longest_lag: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A state of a message that people saw; `by` names the process that wrote it."""

    at: float
    text: str
    status: str
    by: str


@dataclass(slots=True, kw_only=True)
class Message:
    """A message; `key` is the bot's own name of it, `question` what it answers. One that was removed is recorded."""

    id: str
    key: str
    question: str
    created_at: float
    findable_at: float
    removed_at: float | None = None
    changes: list[Change] = field(default_factory=list)


class PlatformState:
    """Messages under changing weather. What has been sent arrives, whatever becomes of its sender."""

    def __init__(self, weather: Weather, seed: int) -> None:
        self._weather = weather
        self._chance = random.Random(seed)
        self._messages: dict[str, Message] = {}
        self._flying: set[asyncio.Task[Any]] = set()

    async def post(self, key: str, question: str, text: str, status: str, by: str) -> str:
        """Make a message; its id, when it has arrived."""
        return await self._arrive(self._post(key, question, text, status, by))

    async def edit(self, id: str, text: str, status: str, by: str) -> bool:
        """Replace the text of a message; whether there is one."""
        return await self._arrive(self._edit(id, text, status, by))

    async def remove(self, id: str) -> bool:
        """Take a message away; whether there is one."""
        return await self._arrive(self._remove(id))

    def find(self, key: str) -> str | None:
        """The id of the message with that key, if the platform's history shows it yet."""
        now = time.time()
        there = (message for message in self._messages.values() if message.key == key and message.removed_at is None)
        return next((item.id for item in there if item.findable_at <= now), None)

    def record(self) -> list[dict[str, Any]]:
        """Every message with all its states, in order of appearance."""
        return [asdict(message) for message in self._messages.values()]

    async def _arrive(self, flight: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(flight)
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)
        return await asyncio.shield(task)

    async def _post(self, key: str, question: str, text: str, status: str, by: str) -> str:
        late = self._chance.random() < self._weather.late_share
        await asyncio.sleep(self._chance.uniform(0, self._weather.longest_flight if late else 0.05))
        now = time.time()
        lag = self._chance.uniform(0, self._weather.longest_lag)
        id = f"m{len(self._messages) + 1}"
        message = Message(id=id, key=key, question=question, created_at=now, findable_at=now + lag)
        message.changes.append(Change(at=now, text=text, status=status, by=by))
        self._messages[id] = message
        return id

    async def _edit(self, id: str, text: str, status: str, by: str) -> bool:
        await asyncio.sleep(self._chance.uniform(0, self._weather.longest_edit))
        message = self._standing(id)
        if message is None:
            return False
        message.changes.append(Change(at=time.time(), text=text, status=status, by=by))
        return True

    async def _remove(self, id: str) -> bool:
        await asyncio.sleep(self._chance.uniform(0, self._weather.longest_edit))
        message = self._standing(id)
        if message is None:
            return False
        message.removed_at = time.time()
        return True

    def _standing(self, id: str) -> Message | None:
        message = self._messages.get(id)
        return message if message is not None and message.removed_at is None else None
