"""Hand what somebody wrote or pressed to the bot; the message and what comes of it are stored together."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Final

from adapters.web.playground.composer import Submission
from adapters.web.playground.shared import Scene, Surroundings, introduce
from bot.errors import InvalidInput
from bot.language import gettext_noop
from bot.types import LOCALE, Entrance, HandleResult, Incoming, Mention, Outcome

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
        await scene.bot.mark_answered(incoming)
        raise
    if handled.outcome is Outcome.REPLIED and handled.text:
        await scene.bot.mark_answered(incoming)
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
