"""An interaction: what a person asked of the application, and what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.emulators.discord.world import Channel, Message, Payload, User

# Interaction types and callback types (interactions/receiving-and-responding).
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
ANSWER, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
FIRST_ANSWER_S = 3.0  # the same page
TOKEN_S = 15 * 60.0
MOST_FOLLOWUPS = 5  # for apps that only the user has installed (the same page)


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """Interaction as seen: `original` is the first answer, `followups` the further ones, `modal` an opened form,
    `choices` the suggestions of an autocomplete, `trigger` what opened the form that was sent. `callback` is the
    callback type of the first answer, None before it.
    """

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    at: float
    payload: Payload
    installed_in_guild: bool
    message: Message | None = None
    trigger: Interaction | None = None
    callback: int | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Payload | None = None
    choices: list[Payload] = field(default_factory=list)
    _acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    _shown: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_acknowledged(self) -> bool:
        """Whether the application has answered at all."""
        return self.callback is not None

    def failed(self, now: float) -> bool:
        """Whether the client shows "The application did not respond"."""
        return self.callback is None and now > self.at + FIRST_ANSWER_S

    def note(self, callback: int) -> None:
        """The first answer came."""
        self.callback = callback
        self._acknowledged.set()

    def note_shown(self) -> None:
        """Something other than "is thinking" is there to be seen."""
        self._shown.set()

    async def acknowledged(self, seconds: float = 10) -> Interaction:
        """Wait for the first answer. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            await self._acknowledged.wait()
        return self

    async def shown(self, seconds: float = 10) -> Interaction:
        """Wait for an answer that can be seen: text, a form, suggestions. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            await self._shown.wait()
        return self
