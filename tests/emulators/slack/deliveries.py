"""What Slack sends to the app: once, again when it is not acknowledged, or as a test wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tests.emulators.clock import MovableClock
from tests.emulators.slack.options import Options

DeliveryKind = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer of the app to one delivery; `failed` is Slack's word for what went wrong, "" when it acknowledged."""

    payload: Any = None
    failed: str = ""
    no_retry: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """One event or interaction on its way; `answers` has one entry for each attempt, and `acknowledged_at` is in
    seconds since 1970.
    """

    kind: DeliveryKind
    payload: Mapping[str, Any]
    answers: list[Answer] = field(default_factory=list)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged_at: float | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether the app has acknowledged it."""
        return bool(self.answers) and not self.answers[-1].failed

    @property
    def answer(self) -> Any:
        """What the app answered with its acknowledgement, None for nothing."""
        return self.answers[-1].payload if self.acknowledged else None

    @property
    def retry_reason(self) -> str:
        """Why it is sent again, "" for the first time."""
        return self.answers[-1].failed if self.answers else ""


class Transport(Protocol):
    """Transport of deliveries to the app."""

    async def deliver(self, delivery: Delivery) -> Answer:
        """Bring it to the app and wait for its answer, as long as Slack waits."""
        ...


class Deliveries:
    """Everything on its way to the app. `log` keeps all; `copies` is how often each event is sent anew."""

    def __init__(self, transport: Transport, clock: MovableClock, options: Options) -> None:
        self._transport = transport
        self._clock = clock
        after, longest = options.redeliver_after_s, options.redeliver_longest_s
        socket_delays = [
            min(after * 2.0 ** min(number, 20), max(after, longest)) for number in range(options.redeliveries)
        ]
        self._delays = options.retry_delays_s if options.request_url else socket_delays
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Delivery] | None = None
        self.copies = 1
        self.log: list[Delivery] = []

    def send(self, kind: DeliveryKind, payload: Mapping[str, Any]) -> Delivery:
        """Put something on its way."""
        delivery = Delivery(kind=kind, payload=payload)
        self._start(delivery)
        for _ in range(self.copies - 1 if kind == "events_api" else 0):
            self._start(Delivery(kind=kind, payload=payload))
        return delivery

    async def again(self, delivery: Delivery) -> Delivery:
        """Bring something to the app once more, as after an acknowledgement that got lost on its way.

        Socket Mode sends whatever was not acknowledged, also what came while no connection was open, to the next one
        (https://docs.slack.dev/apis/events-api/using-socket-mode); Slack sends events again for up to an hour.
        """
        repeated = Delivery(kind=delivery.kind, payload=delivery.payload)
        self._start(repeated)
        await repeated.finished.wait()
        return repeated

    def hold(self) -> None:
        """Keep everything back until it is released."""
        self._held = self._held or []

    def release(self, *, backwards: bool = False) -> None:
        """Send what was kept back, the latest first if `backwards`."""
        held, self._held = self._held or [], None
        for delivery in reversed(held) if backwards else held:
            self._launch(delivery)

    def give_up(self) -> None:
        """Let what was kept back be lost, as what Slack could not deliver for too long; what comes next is sent."""
        for delivery in self._held or ():
            delivery.finished.set()
        self._held = None

    async def settled(self) -> None:
        """Wait until everything was acknowledged or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def aclose(self) -> None:
        """Give everything up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def lost(self) -> list[Delivery]:
        """What was given up without an acknowledgement."""
        return [item for item in self.log if item.finished.is_set() and not item.acknowledged]

    def _start(self, delivery: Delivery) -> None:
        self.log.append(delivery)
        if self._held is None:
            self._launch(delivery)
        else:
            self._held.append(delivery)

    def _launch(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery), name=f"deliver {delivery.kind}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        """Only events are sent again; whoever pressed or typed something is told that it failed."""
        delays = self._delays if delivery.kind == "events_api" else ()
        for delay in (0.0, *delays):
            await self._clock.sleep(delay)
            answer = await self._transport.deliver(delivery)
            delivery.answers.append(answer)
            if not answer.failed or answer.no_retry:
                break
        if delivery.acknowledged:
            delivery.acknowledged_at = self._clock.time()
        delivery.finished.set()
