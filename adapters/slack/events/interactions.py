"""Handle buttons, commands, shortcuts and forms, and the opening of the bot's own pages."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from adapters.slack.api.errors import SlackUnknownOutcome
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.ask_modal import ASK_FORM, ASK_SHORTCUT, AskModal
from adapters.slack.events.event_payloads import ChangeEvent, ChannelEvent, ControlAction, Interaction
from adapters.slack.events.home_tab import OPEN_SETTINGS, HomeTab
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.requests import asked_by
from adapters.slack.events.settings_modal import SettingsModal
from adapters.slack.events.settings_view import SCOPE
from adapters.slack.events.slash_commands import SlashCommandHandler
from adapters.slack.payloads import SlackMessage, moment
from adapters.slack.replies.rendering import UNDO_ACTION, action_of, undo_of
from adapters.slack.settings import PLATFORM
from bot.chat.background_tasks import BackgroundTasks
from bot.chat.reply_actions import press
from bot.errors import PlatformError, PlatformRefused, StorageError
from bot.language import gettext, gettext_noop, speaking, supported
from bot.ports import Bot, Clock
from bot.turns.error_messages import UNEXPECTED, not_done
from bot.types import Entrance, Turn

logger = logging.getLogger(__name__)

AWAY: Final = gettext_noop("Slack is not answering me right now. Please try again in a moment.")
WAIT: Final = gettext_noop("Slack asks me to wait. Please try again in {seconds} seconds.")
REFUSED: Final = gettext_noop("Slack did not accept it")


class InteractionHandler:
    """Carries out what people do in Slack."""

    def __init__(
        self, bot: Bot, message_handler: SlackMessageHandler, background: BackgroundTasks, *, clock: Clock
    ) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._background = background
        self._clock = clock
        self._settings = SettingsModal(bot, message_handler, clock=clock)
        self._slash_commands = SlashCommandHandler(bot, message_handler, self._settings, clock=clock)
        self._home = HomeTab(bot, clock=clock)
        self._ask_modal = AskModal(bot, message_handler, self._slash_commands, background, clock=clock)

    # ------------------------------------------------------------ commands, and whatever fails

    async def command(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Somebody typed the slash command; what fails is told to them. Raises `StorageError`."""
        await self._telling(workspace, body, self._slash_commands.command)

    async def shortcut(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Somebody used a shortcut on a message; what fails is told to them. Raises `StorageError`."""
        message = body.message or SlackMessage()
        is_question = body.callback_id == ASK_SHORTCUT and moment(message.ts) is not None
        await self._telling(workspace, body, self._ask_modal.open if is_question else self._slash_commands.shortcut)

    async def submitted(self, workspace: SlackWorkspace, body: Interaction) -> Mapping[str, str]:
        """Somebody submitted a form; what is wrong with it, by block. Raises `StorageError`."""
        is_question = body.view is not None and body.view.callback_id == ASK_FORM
        with speaking(await self._language(workspace, body)):
            return await (self._ask_modal if is_question else self._settings).submitted(workspace, body)

    async def action(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Somebody used a control; what fails is told to them. Raises `StorageError`."""
        await self._telling(workspace, body, self._action)

    async def _telling(
        self,
        workspace: SlackWorkspace,
        body: Interaction,
        act: Callable[[SlackWorkspace, Interaction], Awaitable[None]],
    ) -> None:
        """Do what somebody asked for, and tell them alone when that fails; Slack itself tells what was not stored."""
        with speaking(await self._language(workspace, body)):
            await self._tell_what_fails(workspace, body, act)

    async def _language(self, workspace: SlackWorkspace, body: Interaction) -> str:
        """Return the language of who acts, "" where Slack does not tell it."""
        try:
            return supported((await workspace.directory.member(body.actor)).locale)
        except PlatformError:
            return ""

    async def _tell_what_fails(
        self,
        workspace: SlackWorkspace,
        body: Interaction,
        act: Callable[[SlackWorkspace, Interaction], Awaitable[None]],
    ) -> None:
        try:
            await act(workspace, body)
        except PlatformError as error:
            logger.warning("failure shown to a person", extra={"team": workspace.team, "error": str(error)})
            await self._tell_failure(workspace, body, failure(error))
        except StorageError:
            raise
        except Exception:
            await self._tell_failure(workspace, body, gettext(UNEXPECTED))
            raise

    async def _tell_failure(self, workspace: SlackWorkspace, body: Interaction, text: str) -> None:
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.BUTTON)
        await self._message_handler.reply(workspace, asked, text)

    # ------------------------------------------------------------ buttons under answers

    async def session_stopped(self, workspace: SlackWorkspace, event: ChannelEvent) -> None:
        """Somebody pressed Slack's own Stop button. Raises `StorageError`."""
        channel, thread = event.channel, event.thread_ts
        if channel and moment(thread):
            by = Interaction(user_id=event.user, event_ts=event.event_ts)
            asked = await asked_by(workspace, by, self._clock, entrance=Entrance.BUTTON, channel=channel, thread=thread)
            # Slack decides who has this button, and has ended the streams of the thread already.
            asked = replace(asked, is_admin=True)
            await self._message_handler.tell(workspace, asked, self._bot.stop(asked.key, asked=asked))

    async def _action(self, workspace: SlackWorkspace, body: Interaction) -> None:
        for action in body.actions:
            await self._one_action(workspace, body, action)

    async def _one_action(self, workspace: SlackWorkspace, body: Interaction, action: ControlAction) -> None:
        if action.action_id == SCOPE:
            return await self._settings.move(workspace, body, action.selected_option.value)
        if action.action_id == OPEN_SETTINGS:
            nowhere = await asked_by(workspace, body, self._clock, entrance=Entrance.BUTTON)
            return await self._settings.open(workspace, body, nowhere)
        if action.action_id == UNDO_ACTION:
            return await self._undo(workspace, body, action.value)
        return await self._under_answer(workspace, body, action)

    async def _undo(self, workspace: SlackWorkspace, body: Interaction, value: str) -> None:
        """Carry out the command that takes a change back, as if whoever pressed had typed it."""
        command, thread = undo_of(value)
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.COMMAND, thread=thread)
        if command.startswith("/undo"):
            await self._message_handler.hand_over(workspace, replace(asked, text=command))

    async def _under_answer(self, workspace: SlackWorkspace, body: Interaction, used: ControlAction) -> None:
        """Handle a button under an answer."""
        action, id = action_of(used.action_id, used.value)
        turn = await self._turn(workspace, body, id)
        if action is None or turn is None:
            return
        thread = turn.incoming.key.thread
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.BUTTON, thread=thread)
        await self._message_handler.tell(workspace, asked, press(self._bot, action, turn, asked=asked))

    async def _turn(self, workspace: SlackWorkspace, body: Interaction, id: str) -> Turn | None:
        """Return the turn that a control belongs to; None for one of another place, which nobody can press here."""
        if not id.isdecimal() or len(id) > len(str(2**63)):
            return None
        turn = await self._bot.turn(int(id))
        if turn is None:
            return None
        key = turn.incoming.key
        here = (PLATFORM, workspace.team, body.place)
        return turn if (key.platform, key.workspace, key.channel) == here else None

    # ------------------------------------------------------------ pages, and what changes

    async def home_opened(self, workspace: SlackWorkspace, event: ChannelEvent) -> None:
        """Somebody opened one of the bot's own pages."""
        self._background.start(self._home.opened(workspace, event), "home tab")

    async def member_changed(self, workspace: SlackWorkspace, event: ChangeEvent) -> None:
        """Somebody's name, rights or time zone have changed."""
        workspace.directory.forget_member(event.user.id)

    async def place_changed(self, workspace: SlackWorkspace, event: ChangeEvent) -> None:
        """Note the new name of a channel."""
        workspace.directory.forget_place(event.channel.id)


def failure(error: PlatformError) -> str:
    """Return what people are told when Slack kept something from being done."""
    if isinstance(error, PlatformRefused):
        return not_done(error.reason or REFUSED)
    if isinstance(error, SlackUnknownOutcome) and error.retry_after:
        return gettext(WAIT).format(seconds=max(2, round(error.retry_after)))
    return gettext(AWAY)
