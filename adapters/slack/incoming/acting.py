"""What people do beside writing: buttons, commands, shortcuts, forms, and opening the bot's own pages."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from adapters.slack.api.workspace import Workspace
from adapters.slack.incoming.asking import asked_by, channel_of
from adapters.slack.incoming.commanding import Commanding
from adapters.slack.incoming.errands import Errands
from adapters.slack.incoming.hearing import Hearing
from adapters.slack.incoming.home import OPEN_SETTINGS, Home
from adapters.slack.incoming.reading import PLATFORM
from adapters.slack.incoming.settings import Settings
from adapters.slack.incoming.settings_form import SCOPE
from adapters.slack.records import field, moment
from adapters.slack.replies.rendering import CONTINUE, FEEDBACK, GOOD, REGENERATE, RETRY, STOP
from bot.errors import InvalidInput
from bot.ports import Bot, Clock
from bot.types import Again, ConversationKey, Turn

logger = logging.getLogger(__name__)

Body = dict[str, Any]
Event = Mapping[str, Any]

AGAIN: Final[Mapping[str, Again]] = {REGENERATE: Again.REGENERATE, RETRY: Again.RETRY, CONTINUE: Again.CONTINUE}


class Acting:
    """Carries out what people do in Slack."""

    def __init__(self, bot: Bot, hearing: Hearing, errands: Errands, *, clock: Clock) -> None:
        self._bot = bot
        self._hearing = hearing
        self._errands = errands
        self._clock = clock
        self._settings = Settings(bot, hearing, clock=clock)
        self._commanding = Commanding(hearing, self._settings, clock=clock)
        self._home = Home(bot, clock=clock)
        self.command = self._commanding.command
        self.shortcut = self._commanding.shortcut
        self.submitted = self._settings.submitted

    # ------------------------------------------------------------ buttons under answers

    async def session_stopped(self, workspace: Workspace, event: Event) -> None:
        """Somebody pressed Slack's own Stop button. Raises `StorageError`."""
        channel, thread = field(event, "channel"), field(event, "thread_ts")
        if channel and moment(thread):
            key = ConversationKey(platform=PLATFORM, workspace=workspace.team, channel=channel, thread=thread)
            member = await workspace.directory.member(field(event, "user"))
            # Slack decides who has this button, and has ended the streams of the thread already.
            await self._bot.stop(key, by=member.person, administers=True)

    async def action(self, workspace: Workspace, body: Body) -> None:
        """Somebody used a control. Raises `StorageError`."""
        for action in body.get("actions") or ():
            if isinstance(action, dict):
                await self._one_action(workspace, body, action)

    async def _one_action(self, workspace: Workspace, body: Body, action: Event) -> None:
        name, value = field(action, "action_id"), field(action, "value")
        if name == SCOPE:
            return await self._settings.move(workspace, body, field(action, "selected_option", "value"))
        if name == OPEN_SETTINGS:
            nowhere = await asked_by(workspace, body, self._clock)
            return await self._settings.open(workspace, body, nowhere.key)
        return await self._under_answer(workspace, body, name, value)

    async def _under_answer(self, workspace: Workspace, body: Body, name: str, value: str) -> None:
        """A button under an answer; its value begins with the turn."""
        turn = await self._turn(workspace, body, value.partition(":")[0])
        if turn is None:
            return
        member = await workspace.directory.member(field(body, "user", "id"))
        by, administers = member.person, member.administers
        try:
            if name == STOP:
                await self._bot.stop(turn.incoming.key, by=by, administers=administers)
            elif name == FEEDBACK:
                await self._bot.feedback(turn.id, by=by, good=value.endswith(f":{GOOD}"))
            elif name in AGAIN:
                await self._bot.again(turn.id, AGAIN[name], by=by, at=self._clock(), administers=administers)
        except InvalidInput as error:
            asked = await asked_by(workspace, body, self._clock, thread=turn.incoming.key.thread)
            self._hearing.tell(workspace, asked, str(error))

    async def _turn(self, workspace: Workspace, body: Body, id: str) -> Turn | None:
        """The turn that a control belongs to; None for one of another place, which nobody can press here."""
        if not id.isdecimal() or len(id) > len(str(2**63)):
            return None
        turn = await self._bot.turn(int(id))
        if turn is None:
            return None
        key = turn.incoming.key
        here = (PLATFORM, workspace.team, channel_of(body))
        return turn if (key.platform, key.workspace, key.channel) == here else None

    # ------------------------------------------------------------ pages, and what changes

    async def home_opened(self, workspace: Workspace, event: Event) -> None:
        """Somebody opened one of the bot's own pages."""
        self._errands.start(self._home.opened(workspace, event), "home tab")

    async def member_changed(self, workspace: Workspace, event: Event) -> None:
        """Somebody's name, rights or time zone have changed."""
        workspace.directory.forget_member(field(event, "user", "id"))

    async def place_changed(self, workspace: Workspace, event: Event) -> None:
        """A channel has another name."""
        workspace.directory.forget_place(field(event, "channel", "id"))
