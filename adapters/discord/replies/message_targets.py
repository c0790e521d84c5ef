"""Write an answer to its target: the messages of a channel, or those of an interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from adapters.discord.api.client import DiscordClient
from adapters.discord.api.errors import DiscordApiError
from adapters.discord.api.limits import (
    CANNOT_REPLY,
    EPHEMERAL,
    FILE_DESCRIPTION,
    INVALID_WEBHOOK_TOKEN,
    NONCE,
    SUPPRESS_EMBEDS,
    TOKEN_MARGIN,
    UNKNOWN_INTERACTION,
    UNKNOWN_WEBHOOK,
)
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.payloads import Message
from adapters.discord.replies.rendering import Page
from adapters.discord.replies.reply_ref import InteractionRef
from bot.chat.rate_limit import Priority
from bot.delivery.split import AnswerFile
from bot.errors import PlatformError
from bot.ports import Clock
from bot.types import Picture

NO_PINGS: Final[Mapping[str, Sequence[str]]] = {"parse": []}
"""What the model writes pings nobody (resources/message, allowed mentions)."""

_MESSAGES = "/channels/{channel_id}/messages"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_ENDED_CODES = frozenset({INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION})


class InteractionExpired(PlatformError):
    """An interaction can no longer be answered."""

    def __init__(self) -> None:
        super().__init__("the interaction can no longer be answered")


class MessageTarget(Protocol):
    """Target of one answer's messages. Every method raises `PlatformError`."""

    async def post(self, page: Page, *, nonce: str, first: bool, priority: Priority) -> str:
        """Post a message; its id."""
        ...

    async def edit(self, id: str, page: Page, *, priority: Priority) -> None:
        """Let a message hold `page`."""
        ...

    async def delete(self, id: str) -> None:
        """Remove a message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTarget:
    """Messages of a channel, thread or direct conversation; the first one replies to `reply_to` if that is given."""

    rest: DiscordClient
    limits: DiscordLimits
    channel: str
    reply_to: str = ""

    async def post(self, page: Page, *, nonce: str, first: bool, priority: Priority) -> str:
        """Post a message; the same nonce within some minutes gives the same message.

        It replies to nothing where that takes a right that the bot lacks.
        """
        await self.limits.posting(self.channel, priority)
        body = _body(page) | {"flags": SUPPRESS_EMBEDS, "nonce": nonce[:NONCE], "enforce_nonce": True}
        if first and self.reply_to:
            reference = {"message_id": self.reply_to, "fail_if_not_exists": False}
            try:
                return await self._post(page, body | {"message_reference": reference})
            except DiscordApiError as error:
                if error.code != CANNOT_REPLY:
                    raise
        return await self._post(page, body)

    async def _post(self, page: Page, body: Mapping[str, Any]) -> str:
        """Post a message; what the same nonce gave before and says something else is edited."""
        here, file = self.channel, _file(page)
        posted = Message.read(await self.rest.call("POST", _MESSAGES, body=body, file=file, channel_id=here))
        if posted.content.strip() != page.content.strip():
            path = f"{_MESSAGES}/{{message_id}}"
            await self.rest.call("PATCH", path, body=_body(page), file=file, channel_id=here, message_id=posted.id)
        return posted.id

    async def edit(self, id: str, page: Page, *, priority: Priority) -> None:
        """Edit without naming flags, so that previews stay suppressed."""
        await self.limits.editing(self.channel, priority)
        path = f"{_MESSAGES}/{{message_id}}"
        body, file = _body(page), _file(page)
        await self.rest.call("PATCH", path, body=body, file=file, channel_id=self.channel, message_id=id)

    async def delete(self, id: str) -> None:
        """Delete a message."""
        await self.rest.call("DELETE", f"{_MESSAGES}/{{message_id}}", channel_id=self.channel, message_id=id)

    async def type(self) -> None:
        """Show that the bot is typing."""
        await self.rest.call("POST", "/channels/{channel_id}/typing", channel_id=self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionTarget:
    """The answers to an interaction while its token lasts; afterwards every method raises `InteractionExpired`."""

    rest: DiscordClient
    ref: InteractionRef
    clock: Clock

    async def post(self, page: Page, *, nonce: str, first: bool, priority: Priority) -> str:  # noqa: ARG002 - webhooks know no nonce
        """Post a further message."""
        flags = SUPPRESS_EMBEDS | (EPHEMERAL if self.ref.private else 0)
        body = _body(page) | {"flags": flags}
        return Message.read(await self._call("POST", _WEBHOOK, body, wait=True, file=_file(page))).id

    async def edit(self, id: str, page: Page, *, priority: Priority) -> None:  # noqa: ARG002 - not counted with the others
        """Edit an answer; the first time it has its flags to get."""
        body = _body(page) | {"flags": SUPPRESS_EMBEDS}
        await self._call("PATCH", self._path(id), body, message_id=id, file=_file(page))

    async def original(self) -> Message:
        """Return the first answer as it stands."""
        return Message.read(await self._call("GET", self._path("")))

    async def delete(self, id: str) -> None:
        """Delete a further message."""
        await self._call("DELETE", self._path(id), message_id=id)

    def _path(self, id: str) -> str:
        original = not id or not self.ref.ids or id == self.ref.ids[0]
        return f"{_WEBHOOK}/messages/{'@original' if original else '{message_id}'}"

    async def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        wait: bool = False,
        message_id: str = "",
        file: tuple[str, bytes] | None = None,
    ) -> object:
        if self.clock() > _last_moment(self.ref):
            raise InteractionExpired
        query = {"wait": "true"} if wait else None
        ref = self.ref
        try:
            return await self.rest.call(
                method,
                path,
                body=body,
                query=query,
                file=file,
                webhook_id=ref.application,
                webhook_token=ref.token,
                message_id=message_id,
            )
        except DiscordApiError as error:
            if error.code in _ENDED_CODES:
                raise InteractionExpired from error
            raise


def _last_moment(ref: InteractionRef) -> datetime:
    return ref.expires - TOKEN_MARGIN


def _body(page: Page) -> dict[str, Any]:
    """Return what a message is to hold; an edit takes away a file that it does not name."""
    attachments = [{"id": "0", "filename": page.file.name} | _described(page.file)] if page.file else []
    shown = {"content": page.content, "components": list(page.rows), "attachments": attachments}
    return shown | {"allowed_mentions": NO_PINGS}


def _described(file: AnswerFile | Picture) -> dict[str, str]:
    """Return what a picture shows, in words (https://discord.com/developers/docs/resources/message#attachment-object)."""
    return {"description": file.alt[:FILE_DESCRIPTION]} if isinstance(file, Picture) else {}


def _file(page: Page) -> tuple[str, bytes] | None:
    return (page.file.name, page.file.data) if page.file else None
