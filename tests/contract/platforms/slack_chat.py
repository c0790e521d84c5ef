"""Slack as people chat on it, over its emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from adapters.slack.events.ask_modal import ASK_SHORTCUT, QUESTION
from adapters.slack.events.reactions import EMOJI as SLACK_EMOJI
from adapters.slack.events.slash_commands import SETTINGS_WORD, SUMMARISE_SHORTCUT
from adapters.slack.platform import SlackPlatform, open_slack
from adapters.slack.replies.rendering import COMMAND, FEEDBACK, action_id
from bot.chat.reply_actions import ReplyAction
from storage.in_memory.store import MemoryStore
from tests.contract.platforms.chat import PATIENCE_S, Chat, Said, end, now
from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack.scene import slack_options


class SlackChat(Chat):
    """#general of the emulated Slack; Bob is Ben there, `deploys` another app."""

    name = "slack"

    def __init__(self, slack: RunningSlack, platform: SlackPlatform, store: MemoryStore) -> None:
        super().__init__(platform, store)
        self.slack = slack
        self.workspace, self.channel, self.mention = slack.team.id, slack.general.id, slack.mention()
        app = slack.person("Deploys", bot_id="B0DEPLOYS", app_id="A0DEPLOYS")
        slack.general.members.append(app.id)
        self.people = {"ada": slack.ada, "bob": slack.ben, "deploys": app}

    async def rename_bot(self, name: str) -> None:
        """The app gets another name in the workspace."""
        self.slack.bot.name = name

    async def say(
        self, text: str, *, by: str = "ada", below: Said | None = None, direct: bool = False, file: bytes = b""
    ) -> Said:
        person = self.people[by]
        where = self.slack.direct(person) if direct else self.slack.general
        files = [self.slack.file(person, "notes.txt", file)] if file else []
        thread = below.native.root_ts if below else ""
        message = await self.slack.say(person, where, text, thread_ts=thread, files=files)
        return Said(id=message.ts, native=message)

    def call(self, person: str) -> str:
        return f"<@{self.id_of(person)}>"

    def id_of(self, person: str) -> str:
        return self.people[person].id

    async def say_again(self, said: Said) -> None:
        for delivery in [*self.slack.deliveries.log]:
            await self.slack.deliveries.again(delivery)

    async def edit(self, said: Said, text: str) -> None:
        await self.slack.edit(said.native, text)

    async def delete(self, said: Said) -> None:
        await self.slack.delete(said.native)

    async def command(self, text: str, *, by: str) -> None:
        await self.slack.slash(self.people[by], self.slack.general, COMMAND, text)

    async def regenerate(self, said: Said, *, by: str) -> None:
        answer = self.slack.answers(self.slack.general, said.native.root_ts)[0]
        await self.slack.press(self.people[by], answer, action_id(ReplyAction.REGENERATE))

    async def rate(self, said: Said, *, by: str) -> None:
        answer = self.slack.answers(self.slack.general, said.native.root_ts)[0]
        await self.slack.press(self.people[by], answer, FEEDBACK, True)

    async def ask_about(self, said: Said, *, by: str) -> None:
        person = self.people[by]
        await self.slack.shortcut(person, ASK_SHORTCUT, said.native)
        await self.slack.settled()
        if self.slack.open_view(person) is not None:
            await self.slack.submit_view(person, {QUESTION: "why?"})
            await self.slack.settled()

    async def promote(self, person: str) -> None:
        self.people[person].is_admin = True

    async def fill_in(self, name: str, value: str, *, by: str) -> None:
        slack, person = self.slack, self.people[by]
        await slack.slash(person, slack.general, COMMAND, SETTINGS_WORD)
        await slack.settled()
        view = slack.open_view(person)
        if view is not None and f"channel:{name}" in {block.get("block_id") for block in view.body["blocks"]}:
            await slack.submit_view(person, {name: value})

    async def shortcut(self, said: Said, *, by: str) -> None:
        await self.slack.shortcut(self.people[by], SUMMARISE_SHORTCUT, said.native)

    async def react(self, said: Said, *, by: str) -> None:
        await self.slack.react(self.people[by], said.native, SLACK_EMOJI)

    async def answers(self, said: Said) -> Sequence[str]:
        await self.slack.settled()
        return [self.slack.shown(answer) for answer in self.slack.answers(said.native.channel, said.native.root_ts)]

    def told(self) -> Sequence[str]:
        return [self.slack.shown(whisper) for whisper in self.slack.whispers]


@asynccontextmanager
async def slack() -> AsyncIterator[SlackChat]:
    """The emulated Slack, heard over Socket Mode."""
    async with running_slack(Options(limits=False)) as emulator:
        store, options = MemoryStore(clock=now), slack_options(emulator)
        async with open_slack(options, store, clock=now) as platform:
            chat = SlackChat(emulator, platform, store)
            runs = (chat.dispatcher.run([chat.name]), platform.run(chat.inbox))
            tasks = [asyncio.create_task(run) for run in runs]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await emulator.sockets.connected(options.sockets.connections)
                yield chat
            finally:
                await end(chat, tasks)
