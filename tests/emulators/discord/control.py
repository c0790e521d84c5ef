"""What tests in another process ask for: `POST /_control/do` with `{"do": name, ...}`. No token is needed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from tests.emulators.discord.emulator import DiscordEmulator
from tests.emulators.discord.interaction import Interaction
from tests.emulators.discord.people import CannotDo
from tests.emulators.discord.world import Channel, Message, User

Words = Mapping[str, Any]


class Control:
    """Acts in the words of `DiscordEmulator`, with ids in the place of things."""

    def __init__(self, emulator: DiscordEmulator) -> None:
        self._emulator = emulator
        self._acts: Mapping[str, Callable[[Words], Any]] = {
            "person": lambda say: emulator.person(say["name"], **_some(say, "locale", "installed")),
            "guild": self._guild,
            "channel": lambda say: emulator.channel(emulator.guilds[int(say["guild"])], say["name"]),
            "dm": lambda say: emulator.dm(self._user(say)),
            "say": self._say,
            "edit": lambda say: emulator.edit(self._user(say), self._message(say), say["text"]),
            "delete": lambda say: emulator.delete(self._user(say), self._message(say)),
            "react": lambda say: emulator.react(self._user(say), self._message(say), say["emoji"]),
            "thread": lambda say: emulator.thread(self._user(say), self._message(say), say["name"]),
            "slash": self._slash,
            "context_menu": lambda say: emulator.context_menu(self._user(say), say["name"], self._message(say)),
            "press": lambda say: emulator.press(self._user(say), self._message(say), say["button"]),
            "select": lambda say: emulator.select(self._user(say), self._message(say), say["list"], say["values"]),
            "fault": lambda say: emulator.fault(say["kind"], **_some(say, *_FAULT)),
            "cut": lambda _: emulator.cut(),
            "reconnect": lambda _: emulator.reconnect(),
            "invalidate": lambda say: emulator.invalidate(**_some(say, "resumable")),
            "advance": lambda say: emulator.clock.advance(float(say["seconds"])),
        }

    async def do(self, request: web.Request) -> web.Response:
        """Carry out one act; what it made comes back by its id."""
        try:
            say = await request.json()
            made = self._acts[say["do"]](say)
        except (KeyError, TypeError, ValueError, CannotDo) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        if isinstance(made, Interaction):
            return _json({"id": str(made.id), "original": str(made.original.id) if made.original else None})
        return _json({"id": str(made.id)} if hasattr(made, "id") else {"done": made})

    async def transcript(self, request: web.Request) -> web.Response:
        """A channel as it is seen, as text."""
        channel = self._emulator.channels.get(int(request.match_info["channel"]))
        if channel is None:
            return _json({"error": "there is no such channel"}, 404)
        return web.Response(text=str(self._emulator.transcript(channel)))

    async def state(self, request: web.Request) -> web.Response:
        """What there is: report, sessions, guilds and their channels."""
        emulator = self._emulator
        report = asdict(emulator.report()) | {"not_modelled": dict(emulator.report().not_modelled)}
        return _json(
            {
                "report": report,
                "sessions": [{"id": one.id, "shard": one.shard, "seq": one.seq} for one in emulator.sessions],
                "identifies": len(emulator.identifies),
                "storms": len(emulator.storms),
                "statuses": {str(status): times for status, times in emulator.recorder.statuses.items()},
                "bot": str(emulator.bot.id),
                "guilds": [
                    {
                        "id": str(one.id),
                        "name": one.name,
                        "channels": {item.name: str(id) for id, item in one.channels.items()},
                    }
                    for one in emulator.guilds.values()
                ],
            }
        )

    async def requests(self, request: web.Request) -> web.Response:
        """The recorded requests, without any text."""
        return _json([item.to_json() for item in self._emulator.requests])

    def _user(self, say: Words) -> User:
        return self._emulator.users[int(say["user"])]

    def _channel(self, say: Words) -> Channel:
        return self._emulator.channels[int(say["channel"])]

    def _message(self, say: Words) -> Message:
        return self._channel(say).messages[int(say["message"])]

    def _guild(self, say: Words) -> Any:
        people = [self._emulator.users[int(id)] for id in say.get("people", ())]
        return self._emulator.guild(say["name"], *people, **_some(say, "channels", "bot", "locale"))

    def _say(self, say: Words) -> Message:
        channel = self._channel(say)
        reply_to = channel.messages[int(say["reply_to"])] if "reply_to" in say else None
        files = [
            (attachment["name"], base64.b64decode(attachment["data"])) for attachment in say.get("attachments", ())
        ]
        return self._emulator.say(self._user(say), channel, say["text"], reply_to=reply_to, attachments=files)

    def _slash(self, say: Words) -> Interaction:
        return self._emulator.slash(self._user(say), self._channel(say), say["name"], say.get("options"))


_FAULT = ("method", "template", "times", "skip", "status", "seconds")


def _some(say: Words, *names: str) -> dict[str, Any]:
    return {name: say[name] for name in names if name in say}


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def control_routes(emulator: DiscordEmulator) -> list[web.RouteDef]:
    """The routes of the control endpoints."""
    control = Control(emulator)
    return [
        web.post("/_control/do", control.do),
        web.get("/_control/transcript/{channel}", control.transcript),
        web.get("/_control/state", control.state),
        web.get("/_control/requests", control.requests),
    ]
