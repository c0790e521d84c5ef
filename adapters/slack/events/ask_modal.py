"""Ask about a message: a form with the question, from the shortcut of a message on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.slack.api.errors import SlackApiError
from adapters.slack.api.history import as_read, read_one
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.event_payloads import InputState, Interaction, ModalView
from adapters.slack.events.messages import SlackMessageHandler, is_direct
from adapters.slack.events.requests import asked_by
from adapters.slack.events.settings_modal import OPEN_SECONDS, OPENED_BEFORE
from adapters.slack.events.slash_commands import NOT_HERE, SlashCommandHandler
from adapters.slack.payloads import SlackMessage, moment
from adapters.slack.replies.ephemeral import NOT_THERE
from bot.chat.background_tasks import BackgroundTasks
from bot.chat.rate_limit import Priority
from bot.errors import PlatformError
from bot.language import gettext, gettext_noop
from bot.ports import Bot, Clock
from bot.turns.error_messages import not_done
from bot.types import Entrance, Incoming

ASK_SHORTCUT: Final = "seed_ask"
ASK_FORM: Final = "seedling_ask"
QUESTION: Final = "seedling_question"
PRIVATE: Final = "seedling_private"
TITLE: Final = gettext_noop("Ask about this")
PRESET: Final = gettext_noop("What does this mean?")
QUESTION_CHARACTERS: Final = 3_000  # of a field (https://docs.slack.dev/reference/block-kit/block-elements)
DELETED: Final = frozenset({"thread_not_found", "message_not_found"})
GONE: Final = gettext_noop("That message is gone.")
UNREADABLE: Final = gettext_noop("I could not read that message")


class AskModal:
    """Shows the form, and asks what was submitted, below the message or for its author alone."""

    def __init__(
        self,
        bot: Bot,
        message_handler: SlackMessageHandler,
        slash_commands: SlashCommandHandler,
        background: BackgroundTasks,
        *,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._message_handler = message_handler
        self._slash_commands = slash_commands
        self._background = background
        self._clock = clock

    async def open(self, workspace: SlackWorkspace, body: Interaction) -> None:
        """Open the form for a message. Raises `PlatformError` and `StorageError`."""
        message = body.message or SlackMessage()
        thread = message.thread_ts
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.SHORTCUT, thread=thread)
        refusal = await self._bot.refuse(asked)
        if refusal is not None:
            return await self._message_handler.show(workspace, asked, refusal)
        where = {"channel": body.place, "ts": message.ts, "thread": thread}
        arguments = {"trigger_id": body.trigger_id, "view": form(where)}
        try:
            await workspace.calls.call("views.open", arguments, priority=Priority.FIRST, patience=OPEN_SECONDS)
        except SlackApiError as refused:
            if refused.code != OPENED_BEFORE:
                raise
        return None

    async def submitted(self, workspace: SlackWorkspace, body: Interaction) -> Mapping[str, str]:
        """Store what is asked, then ask it beside the acknowledgement. Raises `StorageError`."""
        view = body.view or ModalView()
        where = _where(view)
        channel, ts, thread = (where.get(name, "") for name in ("channel", "ts", "thread"))
        if not channel or moment(ts) is None:
            return {}
        question, is_private = _read(view)
        thread = thread or ("" if is_direct(channel) else ts)
        here = {"channel": channel, "thread": thread}
        asked = await asked_by(workspace, body, self._clock, entrance=Entrance.FORM, **here)
        asked = replace(asked, text=f"/ask {question}", private=is_private)
        refusal = await self._bot.refuse(asked)
        if refusal is not None:
            await self._message_handler.show(workspace, asked, refusal)
        elif await self._bot.begin(asked):
            self._background.start(self._ask(workspace, asked, ts, shown=question), "question about a message")
        return {}

    async def _ask(self, workspace: SlackWorkspace, asked: Incoming, ts: str, *, shown: str) -> None:
        """Ask with the message above the question; what fails is told to who asked, outside of a thread that may be
        gone.
        """
        outside = replace(asked, is_top_level=True)
        try:
            message = await read_one(workspace.calls, asked.key.channel, ts)
            read = await as_read(workspace, [message] if message is not None else [])
            if not read:
                return await self._message_handler.reply(workspace, outside, gettext(GONE))
            asked = replace(asked, above=tuple(read))
            if asked.private:
                return await self._slash_commands.ask_alone(workspace, asked)
            await self._slash_commands.ask_in_channel(workspace, asked, shown)
        except PlatformError as error:
            await self._message_handler.reply(workspace, outside, _failure(error))
        return None


def _failure(error: PlatformError) -> str:
    """Return what is told of a message that could not be read, or a question that could not be shown."""
    code = error.code if isinstance(error, SlackApiError) else ""
    if code in NOT_THERE:
        return gettext(NOT_HERE)
    return gettext(GONE) if code in DELETED else not_done(UNREADABLE)


def form(where: Mapping[str, str]) -> dict[str, Any]:
    """Return the form for a message, which it names."""
    question = {
        "type": "plain_text_input",
        "action_id": QUESTION,
        "multiline": True,
        "initial_value": gettext(PRESET),
        "max_length": QUESTION_CHARACTERS,
    }
    private = {
        "type": "checkboxes",
        "action_id": PRIVATE,
        "options": [{"text": _plain(gettext("Only I see the question and its answer")), "value": PRIVATE}],
    }
    return {
        "type": "modal",
        "callback_id": ASK_FORM,
        "private_metadata": json.dumps(where),
        "title": _plain(gettext(TITLE)),
        "submit": _plain(gettext("Ask")),
        "close": _plain(gettext("Cancel")),
        "blocks": [
            {"type": "input", "block_id": QUESTION, "label": _plain(gettext("Your question")), "element": question},
            {
                "type": "input",
                "block_id": PRIVATE,
                "label": _plain(gettext("Answer")),
                "element": private,
                "optional": True,
            },
        ],
    }


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _where(view: ModalView) -> dict[str, str]:
    """Return which message a form is about; {} where it does not tell."""
    try:
        told = json.loads(view.private_metadata)
    except ValueError:
        return {}
    return {name: value for name, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}


def _read(view: ModalView) -> tuple[str, bool]:
    """Return the question, and whether it is to be private."""
    is_private = any(option.value == PRIVATE for option in _state(view, PRIVATE).selected_options)
    return _state(view, QUESTION).value.strip() or gettext(PRESET), is_private


def _state(view: ModalView, name: str) -> InputState:
    """Return what stands in a field, whose block has its name."""
    return view.state.values.get(name, {}).get(name) or InputState()
