"""Handle the buttons under answers; they hold no state, so that they work after a restart."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

import discord

from adapters.discord.context import DiscordContext
from adapters.discord.events.requests import (
    NOT_OURS,
    Interaction,
    asked,
    deferred,
    incoming_of,
    tell,
    tell_failure,
    whisper,
)
from adapters.discord.replies.components import TEMPLATE, ButtonAction
from adapters.discord.replies.rendering import Renderer
from bot.commands.search import DEPTHS
from bot.errors import BotError, InvalidInput
from bot.ports import Bot
from bot.types import FollowUp, HandleResult, Incoming, Turn

logger = logging.getLogger(__name__)

NOT_KNOWN: Final = "I do not know that answer any more."
NOTHING_TO_STOP: Final = "That answer is already finished."
THANKS: Final = "Thank you for the feedback."

AGAIN: Final = {
    ButtonAction.RETRY: FollowUp.RETRY,
    ButtonAction.REGENERATE: FollowUp.REGENERATE,
    ButtonAction.CONTINUE: FollowUp.CONTINUE,
}


class ButtonHandler:
    """Carries out what a button stands for."""

    def __init__(self, bot: Bot, around: DiscordContext) -> None:
        self._bot = bot
        self._around = around

    def join(self, client: discord.Client) -> None:
        """Let the client bring every press of such a button here."""
        clicks = self

        class AnswerButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
            """A button under an answer."""

            def __init__(self, action: ButtonAction, turn: int) -> None:
                super().__init__(discord.ui.Button(label=action, custom_id=f"seedling:{action}:{turn}"))
                self.action = action
                self.turn = turn

            @classmethod
            async def from_custom_id(
                cls, _: Interaction, __: discord.ui.Item[Any], match: re.Match[str], /
            ) -> AnswerButton:
                return cls(ButtonAction(match["action"]), int(match["turn"]))

            async def callback(self, interaction: Interaction) -> None:
                await clicks.pressed(interaction, self.action, self.turn)

        client.add_dynamic_items(AnswerButton)

    async def pressed(self, interaction: Interaction, action: ButtonAction, turn_id: int) -> None:
        """Handle the press of a button; whatever goes wrong is told to who pressed it."""
        try:
            await self._carry_out(interaction, action, turn_id)
        except InvalidInput as error:
            await whisper(interaction, str(error))
        except discord.HTTPException as error:
            if error.code not in NOT_OURS:
                await self._failed(interaction, action, turn_id, error)
                return
            logger.info("interaction already answered or expired", extra={"turn": turn_id, "code": error.code})
        except BotError as error:
            await self._failed(interaction, action, turn_id, error)

    async def _failed(self, interaction: Interaction, action: ButtonAction, turn_id: int, error: Exception) -> None:
        told = {"turn": turn_id, "action": action, "error": f"{type(error).__name__}: {error}"}
        logger.warning("button failed", extra=told)
        await tell_failure(interaction, error)

    async def _carry_out(self, interaction: Interaction, action: ButtonAction, turn_id: int) -> None:
        turn = await self._bot.turn(turn_id)
        if turn is None:
            raise InvalidInput(NOT_KNOWN)
        by = incoming_of(interaction, "", private=True)
        match action:
            case ButtonAction.STOP:
                await self._tell(interaction, by, self._bot.stop(turn.incoming.key, asked=by, idle=NOTHING_TO_STOP))
            case ButtonAction.GOOD | ButtonAction.BAD:
                noting = self._bot.feedback(turn_id, good=action is ButtonAction.GOOD, asked=by, answer=THANKS)
                await self._tell(interaction, by, noting)
            case ButtonAction.DEEPER:
                await self._deeper(interaction, turn)
            case ButtonAction.SHARE:
                await self._share(interaction, turn)
            case _:
                await self._tell(interaction, by, self._bot.follow_up(turn_id, AGAIN[action], asked=by))

    async def _tell(self, interaction: Interaction, by: Incoming, doing: Awaitable[HandleResult]) -> None:
        await tell(self._bot, interaction, by, doing)

    async def _deeper(self, interaction: Interaction, turn: Turn) -> None:
        """Search once more and more thoroughly, in a message of its own."""
        asking = replace(
            incoming_of(interaction, turn.incoming.text, private=turn.incoming.private),
            key=turn.incoming.key,
            is_top_level=turn.incoming.is_top_level,
            overrides={**turn.incoming.overrides, **DEPTHS["deep"]},
        )
        answered = await deferred(self._bot, interaction, asking)
        if answered is not None:
            await asked(self._bot, self._around, answered)

    async def _share(self, interaction: Interaction, turn: Turn) -> None:
        """Share a private answer with everybody, with who shares it and what was asked."""
        if turn.draft is None or not turn.draft.text:
            raise InvalidInput(NOT_KNOWN)
        by = incoming_of(interaction, "", private=True)
        if refusal := await self._bot.refuse(by):
            if refusal.text:
                await whisper(interaction, refusal.text)
            await self._bot.mark_answered(by)
            return
        question = " ".join(turn.incoming.text.split())
        head = f"-# Shared by {interaction.user.display_name}: {discord.utils.escape_markdown(question)[:300]}\n"
        draft = replace(turn.draft, text=head + turn.draft.text)
        open_turn = replace(turn, incoming=replace(turn.incoming, private=False))
        first, *rest = Renderer(open_turn, searches=self._around.searches).pages(draft)
        nobody = discord.AllowedMentions.none()
        await interaction.response.send_message(first.content, suppress_embeds=True, allowed_mentions=nobody)
        for page in rest:
            await interaction.followup.send(page.content, suppress_embeds=True, allowed_mentions=nobody)
