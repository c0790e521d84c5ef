"""Handle the slash command with its sub-commands, and the shortcuts on messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import Interaction
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.reactions import EMOJI
from adapters.slack.events.requests import asked_by
from adapters.slack.events.settings_modal import SettingsModal
from adapters.slack.message_content import mentions, named_in
from adapters.slack.mrkdwn import to_markdown, to_plain
from adapters.slack.payloads import QUESTION, SlackMessage, moment
from adapters.slack.replies.ephemeral import NOT_THERE
from adapters.slack.replies.markdown import Block
from adapters.slack.replies.rendering import (
    COMMAND,
    PIECE_CHARACTERS,
    escape_markdown,
    fallback_text,
    markdown_blocks,
    shortened,
)
from bot.chat.rate_limit import Priority
from bot.commands.command import Command, all_commands, commands_by_spelling
from bot.commands.parser import as_question, question_in
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.ports import Bot, Clock
from bot.types import Entrance, Incoming

logger = logging.getLogger(__name__)

SETTINGS_SHORTCUT: Final = "seed_settings"
SUMMARISE_SHORTCUT: Final = "seed_summarise"
SETTINGS_WORD: Final = "settings"
HELP_WORD: Final = "help"
PRIVATE_WORD: Final = "private"
ALONE: Final = "private:"
"""How the conversation of a question begins that is shown to nobody; no thread of Slack has such a name."""

NOT_HERE: Final = gettext_noop("I am not in this channel. Invite me with `/invite @Seedling`, or write to me directly.")
POST_SECONDS: Final = 2.0
"""How long the question may take to be shown: within three seconds Slack wants its acknowledgement."""


def usage() -> str:
    """Return what can follow the slash command, a line each."""
    lines = [f"- `{COMMAND} {command.usage}`: {gettext(command.help)}" for command in all_commands().values()]
    asked = (f"`{COMMAND} {name} {PRIVATE_WORD} ...`" for name in ("ask", "search"))
    private = gettext("- {names}: Only you see the question and its answer.").format(names=", ".join(asked))
    form = gettext("- `{command} {settings_word}`: A form with everything that can be set.").format(
        command=COMMAND, settings_word=SETTINGS_WORD
    )
    reaction = gettext("Put :{emoji}: on a message that I left alone, and I answer it.").format(emoji=EMOJI)
    return "\n".join((*lines, private, form, "", reaction))


class SlashCommandHandler:
    """Carries out slash commands and shortcuts."""

    def __init__(
        self, bot: Bot, message_handler: SlackMessageHandler, settings: SettingsModal, *, clock: Clock
    ) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._settings = settings
        self._clock = clock

    async def command(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Somebody typed the slash command. Raises `StorageError`."""
        raw = _without_mark(body.text.strip())
        names = await workspace.directory.names(mentions(SlackMessage(text=raw)))
        word, rest = (*raw.split(None, 1), "", "")[:2]
        command = commands_by_spelling().get(word.lower())
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.COMMAND)
        asked = replace(asked, text=f"/{to_plain(raw, names)}", mentions=named_in(raw, names))
        if word.lower() == SETTINGS_WORD:
            await self._settings.open(workspace, body, asked)
        elif not word or (word.lower() == HELP_WORD and not rest):
            await self._message_handler.reply(workspace, asked, usage())
        elif command is None:
            unknown = gettext("There is no `{command} {escape_code}`.").format(
                command=COMMAND, escape_code=escape_code(to_plain(word, names))
            )
            told = " ".join(filter(None, (unknown, as_question(asked.text))))
            await self._message_handler.reply(
                workspace, asked, gettext("{told} There are:\n\n{usage}").format(told=told, usage=usage())
            )
        elif command.needs_mark:
            question, is_private = _without_private(rest)
            asked = replace(asked, text=f"/{word} {to_plain(question, names)}", private=is_private)
            await self._ask(workspace, asked, command, shown=to_markdown(question, names))
        else:
            await self._message_handler.hand_over(workspace, asked)

    async def _ask(self, workspace: SlackWorkspace, asked: Incoming, command: Command, *, shown: str) -> None:
        """Ask, once, however often it is delivered."""
        if not question_in(asked.text).strip():
            usage = gettext("Usage: `/{usage}`.").format(usage=command.usage)
            return await self._message_handler.reply(workspace, asked, usage)
        refusal = await self._bot.refuse(asked)
        if refusal is not None:
            return await self._message_handler.show(workspace, asked, refusal)
        try:
            command.read(asked.text.partition(" ")[2])
        except InvalidInput as error:
            return await self._message_handler.reply(workspace, asked, str(error))
        if asked.private:
            await self.ask_alone(workspace, asked)
        elif await self._bot.begin(asked):
            await self.ask_in_channel(workspace, asked, shown)
        return None

    async def ask_alone(self, workspace: SlackWorkspace, asked: Incoming) -> None:
        """Ask in a conversation of its own, which nobody else sees. Raises `StorageError`."""
        alone = replace(asked.key, thread=f"{ALONE}{asked.dedupe_key.rpartition('/')[2]}")
        await self._message_handler.hand_over(workspace, replace(asked, key=alone))

    async def ask_in_channel(self, workspace: SlackWorkspace, asked: Incoming, shown: str) -> None:
        """Show the question to everybody, so that it can be answered below it or in its thread, and ask.

        Raises `PlatformError` and `StorageError`.
        """
        try:
            ts = await self._post_question(workspace, asked, shown)
        except SlackApiError as refused:
            if refused.code not in NOT_THERE:
                raise
            return await self._message_handler.reply(workspace, asked, gettext(NOT_HERE))
        at: datetime = moment(ts) or asked.sent_at
        key = replace(asked.key, thread=asked.key.thread or ("" if asked.is_direct else ts))
        shown_as = replace(asked, key=key, sent_at=at, message_id=ts)  # who deletes it there deletes the question
        handled = await self._message_handler.hand_over(workspace, shown_as)
        if handled is not None and not handled.text:
            await self._bot.mark_answered(asked)
        return None

    async def _post_question(self, workspace: SlackWorkspace, asked: Incoming, shown: str) -> str:
        """Post the question, its beginning where it is long, once more as plain text where blocks are refused.

        Raises `SlackApiError` and `SlackUnknownOutcome`.
        """
        name = escape_markdown(" ".join(asked.author.name.split()))
        text = shortened(
            gettext("**{name}** asks: {escape_markdown}").format(name=name, escape_markdown=escape_markdown(shown)),
            PIECE_CHARACTERS,
        )
        try:
            return await self._post(workspace, asked, text, markdown_blocks(text))
        except SlackApiError as refusal:
            if refusal.code in NOT_THERE:
                raise
            return await self._post(workspace, asked, text, ())

    async def _post(self, workspace: SlackWorkspace, asked: Incoming, text: str, blocks: Sequence[Block]) -> str:
        arguments: Mapping[str, Any] = {
            "channel": asked.key.channel,
            "thread_ts": asked.key.thread or None,
            "text": fallback_text(text),
            "blocks": list(blocks) or None,
            "metadata": {"event_type": QUESTION, "event_payload": {"user": asked.author.id}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = await workspace.calls.call(
            "chat.postMessage", arguments, priority=Priority.FIRST, patience=POST_SECONDS
        )
        return str(answer["ts"])

    async def shortcut(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Somebody used a shortcut on a message. Raises `StorageError`."""
        message = body.message or SlackMessage()
        ts, thread = message.ts, message.thread_ts
        if not body.place or moment(ts) is None:
            return
        match body.callback_id:
            case callback if callback == SETTINGS_SHORTCUT:
                entrance = Entrance.SHORTCUT
                asked = await asked_by(workspace, body, self._clock, entrance=entrance, thread=thread or ts)
                await self._settings.open(workspace, body, asked)
            case callback if callback == SUMMARISE_SHORTCUT:
                words = "thread private" if thread else f"channel from {ts} private"
                asked = await asked_by(workspace, body, self._clock, entrance=Entrance.SHORTCUT, thread=thread)
                await self._message_handler.hand_over(workspace, replace(asked, text=f"/summarise {words}"))


def _without_mark(text: str) -> str:
    """Return what follows Slack's command without the mark that commands have elsewhere: "/seed /ask why?"."""
    word, _, rest = text.partition(" ")
    is_marked = word[:1] in {"/", "!"} and word[1:].lower() in commands_by_spelling()
    return f"{word[1:]} {rest}".strip() if is_marked else text


def _without_private(question: str) -> tuple[str, bool]:
    """Return the words of a question, and whether it is to be private: they begin with "private" then."""
    word, rest = (*question.split(None, 1), "", "")[:2]
    return (rest, True) if word.lower() == PRIVATE_WORD else (question, False)


def escape_code(word: str) -> str:
    """Return a word as it can stand in a code span."""
    return " ".join(word.replace("`", "'").split())[:50]
