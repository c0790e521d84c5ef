"""One call of a Web API method, with what every method needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.emulators.slack.arguments import Arguments
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.world import Channel, Message, Person, Workspace

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import SlackEmulator

Json = dict[str, Any]

_HISTORY_SCOPES = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


@dataclass(slots=True, kw_only=True)
class Call:
    """A call by the app in a workspace; `warnings` go into its record."""

    slack: SlackEmulator
    workspace: Workspace
    args: Arguments
    method: str
    warnings: list[str] = field(default_factory=list)

    @property
    def bot(self) -> Person:
        """Who calls."""
        return self.workspace.bot

    def require(self, scope: str) -> None:
        """Check a scope. Raises `SlackError` (missing_scope)."""
        scopes = self.slack.options.scopes
        if scopes and scope not in scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(scopes))

    def has(self, scope: str) -> bool:
        """Whether a scope was granted by name."""
        return scope in self.slack.options.scopes

    def channel(self, name: str = "channel") -> Channel:
        """The channel named by an argument, as far as the bot knows of it. Raises `SlackError`."""
        id = self.args.need(name)
        channel = self.slack.world.channels.get(id)
        if channel is None or channel.team != self.workspace.id:
            raise SlackError("channel_not_found")
        if channel.kind != "public" and self.bot.id not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def joined(self, name: str = "channel") -> Channel:
        """A channel with the bot in it. Raises `SlackError`."""
        channel = self.channel(name)
        if self.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def readable(self) -> Channel:
        """A channel whose history the bot may read. Raises `SlackError`."""
        channel = self.joined()
        self.require(f"{_HISTORY_SCOPES[channel.kind]}:history")
        return channel

    def person(self, name: str = "user") -> Person:
        """Somebody of the workspace, or known to it. Raises `SlackError` (user_not_found)."""
        person = self.slack.world.people.get(self.args.need(name))
        if person is None or not self.slack.world.knows(self.workspace, person):
            raise SlackError("user_not_found")
        return person

    def message(self, channel: Channel, name: str = "ts", code: str = "message_not_found") -> Message:
        """A message of the channel. Raises `SlackError`."""
        message = self.slack.world.find(channel, self.args.need(name))
        if message is None:
            raise SlackError(code)
        return message


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method of the Web API: what it does, how often it may be called, and with which token and scope.

    `per_minute` 0 is without a limit. `counted_by` is an argument by whose values calls are counted apart.
    """

    handle: Callable[[Call], Json]
    per_minute: int
    scope: str = ""
    token: Literal["bot", "app", "none"] = "bot"
    counted_by: str = ""


Methods = Mapping[str, Method]
