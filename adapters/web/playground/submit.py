"""Hand what somebody wrote or pressed to the bot; the message and what comes of it are stored together."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import Final

from adapters.web.playground.composer import Submission
from adapters.web.playground.shared import Scene, Surroundings, introduce
from bot.errors import InvalidInput, StorageError
from bot.language import gettext_noop
from bot.ports import Bot
from bot.types import LOCALE, Entrance, HandleResult, Incoming, Mention, Outcome

logger = logging.getLogger(__name__)

NOT_STORED: Final = gettext_noop("That could not be saved, so it was not sent. Try again in a moment.")


async def submit(scene: Scene, here: Surroundings, sending: Submission) -> HandleResult:
    """Give the bot a message with those whom it names, or a command; what is REPLIED is noted as shown.

    Raises `InvalidInput`, noted as shown too, with a message that was stored all the same; and `StorageError` when
    nothing was stored.
    """
    incoming = replace(sending.incoming, posted=sending.message)
    if sending.message is not None:
        await introduce(scene.store, here)
    if "@" in incoming.text:
        people = await scene.store.get_people(here.channel.workspace)
        named = {f"@{person.name}": Mention(kind="person", id=person.id) for person in people}
        incoming = replace(incoming, mentions=named)
    try:
        handled = await scene.bot.handle(incoming)
    except InvalidInput:
        await note_shown(scene.bot, incoming)
        raise
    if handled.outcome is Outcome.REPLIED and handled.text:
        await note_shown(scene.bot, incoming)
    return handled


def pressed(scene: Scene, here: Surroundings) -> Incoming:
    """Return what somebody does by a button; a browser sends it once."""
    return Incoming(
        key=here.key,
        dedupe_key=f"b-{secrets.token_hex(12)}",
        author=here.visitor.person,
        text="",
        sent_at=scene.clock(),
        is_admin=here.visitor.is_admin,
        entrance=Entrance.BUTTON,
        is_direct=here.channel.direct,
        time_zone=here.visitor.zone,
        platform_data={LOCALE: here.visitor.locale},
    )


async def note_shown(bot: Bot, asked: Incoming) -> None:
    """Note that somebody is told what came of what they did; they are told all the same where that fails.

    Or the page would try again, and hear that it is done already and nothing else.
    """
    try:
        await bot.mark_answered(asked)
    except StorageError as error:
        logger.info("not noted that a command was answered", extra={"error": str(error)})
