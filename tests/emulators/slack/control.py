"""Steering the emulator from outside its process, by HTTP below /_control/, without a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any, TypeVar

from aiohttp import web

from tests.emulators.slack.interactions import InteractiveSlack
from tests.emulators.slack.world import Channel, Person

Json = dict[str, Any]
T = TypeVar("T", Person, Channel)


class Control:
    """Control of what people do and see; people and channels by name, "@Ada" is the direct message with her."""

    def __init__(self, slack: InteractiveSlack) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        """The endpoints."""
        posts: dict[str, Callable[[Json], Awaitable[Any]]] = {
            "say": self.say,
            "slash": self.slash,
            "press": self.press,
            "faults": self.fault,
            "clock": self.move,
        }
        gets: dict[str, Callable[[], Any]] = {
            "requests": lambda: [asdict(request) | {"at": request.at.isoformat()} for request in self._slack.requests],
            "violations": lambda: [asdict(violation) for violation in self._slack.violations],
            "warnings": lambda: [asdict(warning) for warning in self._slack.warnings],
            "uses": lambda: [asdict(use) for use in self._slack.uses],
        }
        return [
            *(web.post(f"/_control/{name}", _posted(act)) for name, act in posts.items()),
            *(web.get(f"/_control/{name}", _got(look)) for name, look in gets.items()),
            web.get("/_control/transcript", self.transcript),
        ]

    async def say(self, body: Json) -> Json:
        """`{"person", "channel", "text", "thread_ts"}`: somebody writes; the message's `ts`."""
        person, channel = self._person(body["person"]), self._channel(body["channel"])
        message = await self._slack.say(person, channel, body["text"], thread_ts=body.get("thread_ts", ""))
        return {"ts": message.ts}

    async def slash(self, body: Json) -> Json:
        """`{"person", "channel", "command", "text"}`: somebody types a command."""
        person, channel = self._person(body["person"]), self._channel(body["channel"])
        delivery = await self._slack.slash(person, channel, body["command"], body.get("text", ""))
        return {"acknowledged": delivery.acknowledged}

    async def press(self, body: Json) -> Json:
        """`{"person", "channel", "ts", "action_id", "value"}`: somebody uses a control of a message."""
        message = self._slack.world.find(self._channel(body["channel"]), body["ts"])
        if message is None:
            raise LookupError("there is no such message")
        person = self._person(body["person"])
        delivery = await self._slack.press(person, message, body["action_id"], body.get("value"))
        return {"acknowledged": delivery.acknowledged}

    async def fault(self, body: Json) -> None:
        """The fields of `faults.Fault`."""
        self._slack.fault(**body)

    async def move(self, body: Json) -> None:
        """`{"advance": seconds}`."""
        self._slack.clock.advance(float(body["advance"]))

    async def transcript(self, request: web.Request) -> web.Response:
        """What people see in a channel, `?channel=general`."""
        return web.Response(text=self._slack.transcript(self._channel(request.query.get("channel", "general"))))

    def _person(self, name: str) -> Person:
        return _named(name, self._slack.world.people.values())

    def _channel(self, name: str) -> Channel:
        if name.startswith("@"):
            return self._slack.direct(self._person(name[1:]))
        return _named(name, self._slack.world.channels.values())


def _named(name: str, things: Iterable[T]) -> T:
    for thing in things:
        if name in {thing.name, thing.id}:
            return thing
    raise LookupError(f"there is no {name!r}")


def _posted(act: Callable[[Json], Awaitable[Any]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await act(await request.json()))
        except (LookupError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return handle


def _got(look: Callable[[], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response(look())

    return handle
