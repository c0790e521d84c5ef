"""Publish what happens in the playground to every open page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.types import ChannelMessage

Place = tuple[str, str, str]
"""Workspace, channel and id of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChanged:
    """A message is new (`is_new`) or shows something else than before; `only_for` somebody by id, or "" for all."""

    message: ChannelMessage
    is_new: bool
    only_for: str = ""


Listener = Callable[[MessageChanged], None]


class Hub:
    """Passes changes on, and knows the replies that are being written ahead of the store."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._live: dict[Place, ChannelMessage] = {}

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each change until the returned function is called."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def publish(self, message: ChannelMessage, *, is_new: bool, only_for: str = "") -> None:
        """Tell all listeners."""
        change = MessageChanged(message=message, is_new=is_new, only_for=only_for)
        for listener in tuple(self._listeners):
            listener(change)

    def publish_live(self, message: ChannelMessage, *, is_new: bool) -> None:
        """Tell all listeners of a reply that goes on; pages opened meanwhile see it by `current`."""
        self._live[place_of(message)] = message
        self.publish(message, is_new=is_new)

    def settle(self, message: ChannelMessage) -> None:
        """Forget a reply whose last state is in the store."""
        self._live.pop(place_of(message), None)
        self.publish(message, is_new=False)

    def current(self, stored: ChannelMessage) -> ChannelMessage:
        """Return the state that people see now: the live one if this reply is being written."""
        return self._live.get(place_of(stored), stored)


def place_of(message: ChannelMessage) -> Place:
    """Return where a message stands."""
    return message.workspace, message.channel, message.id
