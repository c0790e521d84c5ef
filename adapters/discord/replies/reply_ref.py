"""Serialise which messages a reply has, so that another process can continue them.

`m/CHANNEL/ID,ID` are messages of a channel. `i/APPLICATION/TOKEN/EXPIRES/CHANNEL/public|private/ID,ID` are the
answers to an interaction, whose token opens them until `EXPIRES` (seconds since 1970); the first one is its original
response.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRef:
    """Messages that were posted to a channel."""

    channel: str
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"m/{self.channel}/{','.join(self.ids)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionRef:
    """Messages that answer an interaction; `token` is a secret for as long as it lasts."""

    application: str
    token: str = field(repr=False)
    expires: datetime
    channel: str
    private: bool
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        seen = "private" if self.private else "public"
        seconds = int(self.expires.timestamp())
        return f"i/{self.application}/{self.token}/{seconds}/{self.channel}/{seen}/{','.join(self.ids)}"


ReplyRef = ChannelRef | InteractionRef


def with_ids(ref: ReplyRef, ids: tuple[str, ...]) -> ReplyRef:
    """Return the same reply with these messages."""
    return replace(ref, ids=ids)


def read_ref(text: str) -> ReplyRef | None:
    """Return what a reference names; None for one that is not of this platform."""
    match text.split("/"):
        case ["m", channel, ids]:
            return ChannelRef(channel=channel, ids=_ids(ids))
        case ["i", application, token, seconds, channel, seen, ids] if seconds.isdecimal():
            return InteractionRef(
                application=application,
                token=token,
                expires=datetime.fromtimestamp(int(seconds), UTC),
                channel=channel,
                private=seen == "private",
                ids=_ids(ids),
            )
        case _:
            return None


def _ids(text: str) -> tuple[str, ...]:
    return tuple(id for id in text.split(",") if id)
