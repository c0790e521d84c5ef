"""Handle the buttons under answers; they hold no state, so that they work after a restart."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any, Final

import discord

from adapters.discord.context import DiscordContext
from adapters.discord.events.dynamic_items import dynamic_item
from adapters.discord.events.requests import (
    NOT_OURS,
    Interaction,
    asked,
    deferred,
    incoming_of,
    send_ephemeral,
    tell,
    tell_failure,
)
from adapters.discord.payloads import InteractionData
from adapters.discord.replies.components import TEMPLATE, UNDO_TEMPLATE
from adapters.discord.replies.markdown import to_discord
from adapters.discord.replies.rendering import SMALL, Renderer
from bot.chat.reply_actions import NOT_KNOWN, ReplyAction, deeper, press, shared
from bot.delivery import known
from bot.errors import BotError, InvalidInput
from bot.language import gettext, gettext_noop
from bot.ports import Bot
from bot.types import Entrance, Turn

logger = logging.getLogger(__name__)

NOTHING_TO_STOP: Final = gettext_noop("That answer is already finished.")
THANKS: Final = gettext_noop("Thank you for the feedback.")


class ButtonHandler:
    """Carries out what a button stands for."""

    def __init__(self, bot: Bot, context: DiscordContext) -> None:
        self._bot = bot
        self._context = context

    def join(self, client: discord.Client) -> None:
        """Let the client bring every press of such a button here."""

        async def pressed(interaction: Interaction, match: re.Match[str], _: Any) -> None:
            await self.pressed(interaction, ReplyAction(match["action"]), int(match["turn"]))

        async def undo(interaction: Interaction, match: re.Match[str], _: Any) -> None:
            await self.undo(interaction, match["command"])

        client.add_dynamic_items(dynamic_item(TEMPLATE, pressed), dynamic_item(UNDO_TEMPLATE, undo))

    async def undo(self, interaction: Interaction, command: str) -> None:
        """Carry out the command that takes a change back, as if whoever pressed had typed it."""
        asking = replace(incoming_of(interaction, command, private=True), entrance=Entrance.COMMAND)
        answered = await deferred(self._bot, interaction, asking)
        if answered is not None:
            await self._take_away_used(interaction)
            await asked(self._bot, self._context, answered)

    async def pressed(self, interaction: Interaction, action: ReplyAction, turn_id: int) -> None:
        """Handle the press of a button; whatever goes wrong is told to who pressed it."""
        try:
            await self._carry_out(interaction, action, turn_id)
        except InvalidInput as error:
            await send_ephemeral(interaction, str(error))
        except discord.HTTPException as error:
            if error.code not in NOT_OURS:
                await self._failed(interaction, action, turn_id, error)
                return
            logger.info("interaction already answered or expired", extra={"turn": turn_id, "code": error.code})
        except BotError as error:
            await self._failed(interaction, action, turn_id, error)

    async def _failed(self, interaction: Interaction, action: ReplyAction, turn_id: int, error: Exception) -> None:
        told = {"turn": turn_id, "action": action, "error": f"{type(error).__name__}: {error}"}
        logger.warning("button failed", extra=told)
        await tell_failure(interaction, error)

    async def _carry_out(self, interaction: Interaction, action: ReplyAction, turn_id: int) -> None:
        turn = await self._bot.turn(turn_id)
        if turn is None:
            raise InvalidInput(gettext(NOT_KNOWN))
        match action:
            case ReplyAction.DEEPER:
                await self._deeper(interaction, turn)
            case ReplyAction.SHARE:
                await self._share(interaction, turn)
            case _:
                by = incoming_of(interaction, "", private=True)
                pressing = press(
                    self._bot, action, turn, asked=by, idle=gettext(NOTHING_TO_STOP), thanks=gettext(THANKS)
                )
                then = _take_away if action is ReplyAction.CONTINUE else None
                await tell(self._bot, interaction, by, pressing, then=then)

    async def _deeper(self, interaction: Interaction, turn: Turn) -> None:
        """Search once more and more thoroughly, in a message of its own."""
        asking = deeper(turn, incoming_of(interaction, turn.incoming.text, private=turn.incoming.private))
        answered = await deferred(self._bot, interaction, asking)
        if answered is not None:
            await self._take_away_used(interaction)
            await asked(self._bot, self._context, answered)

    async def _take_away_used(self, interaction: Interaction) -> None:
        """Take a used button away from its message, where everybody sees that; it is no matter where that fails."""
        message = interaction.message
        if message is not None and not message.flags.ephemeral:
            try:
                await message.edit(view=_without_used(interaction))
            except discord.HTTPException as error:
                logger.info("used button not taken away", extra={"code": error.code})

    async def _share(self, interaction: Interaction, turn: Turn) -> None:
        """Share a private answer with everybody, with who shares it and what was asked."""
        by = incoming_of(interaction, "", private=True)
        if refusal := await self._bot.refuse(by):
            if refusal.text:
                await send_ephemeral(interaction, refusal.text)
            await self._bot.mark_answered(by)
            return
        question = " ".join(turn.incoming.text.split())
        open_turn, draft = shared(turn)
        asked_by = gettext("Shared by {display_name}: {item}").format(
            display_name=interaction.user.display_name, item=discord.utils.escape_markdown(question)[:300]
        )
        head = f"{SMALL}{to_discord(asked_by, allowed=known(draft.addresses))}\n"
        first, *rest = Renderer(open_turn, searches=self._context.searches, head=head).pages(draft)
        nobody = discord.AllowedMentions.none()
        await interaction.response.send_message(first.content, suppress_embeds=True, allowed_mentions=nobody)
        for page in rest:
            await interaction.followup.send(page.content, suppress_embeds=True, allowed_mentions=nobody)


async def _take_away(interaction: Interaction) -> None:
    await interaction.response.edit_message(view=_without_used(interaction))


def _without_used(interaction: Interaction) -> discord.ui.View:
    """Return the buttons of the message without the one that was pressed."""
    assert interaction.message is not None  # noqa: S101 - for the type checker: buttons hang on messages
    view = discord.ui.View.from_message(interaction.message)
    pressed = InteractionData.read(interaction.data).custom_id
    for item in view.children:
        if isinstance(item, discord.ui.Button) and item.custom_id == pressed:
            view.remove_item(item)
    view.stop()  # presses come by their ids, not by this view
    return view
