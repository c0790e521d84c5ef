"""`seedling chat`: a conversation in the terminal, with editing, completion and Markdown that grows."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.terminal.chat_screen import ChatScreen
from bot.app.ask import AskRequest, drain, incoming_of, open_asking
from bot.app.clock import utc_now
from bot.app.core import Core
from bot.app.own_history import key_of
from bot.app.stop_signals import Interrupted, StopSignals
from bot.errors import BotError
from bot.settings import Settings
from bot.surrogates import without_halves
from bot.types import Outcome, StoredEntry

TYPED_FILE = "typed"
"""What was typed before, in the folder of small files."""

LEAVE = frozenset({"/quit", "/exit"})
SHOWN_AGAIN = 4
"""Messages of a conversation that are shown when somebody comes back to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """Conversation to go on with, "" for a new one, and parameters for all that is asked in it."""

    thread: str
    overrides: Mapping[str, str]


def new_name() -> str:
    """Return the name of a new conversation: when it began, and something that no other one has."""
    return f"chat-{utc_now():%Y%m%d}-{secrets.token_hex(2)}"


async def chat(settings: Settings, asked: ChatRequest) -> None:
    """Talk until somebody leaves. A signal stops the answer that is being written. Raises `Interrupted`."""
    thread = without_halves(asked.thread) or new_name()
    screen = ChatScreen(typed=settings.state_folder / TYPED_FILE)
    signals = StopSignals()
    try:
        with signals.heed():
            async with open_asking(settings, screen, thread) as core:
                await _greet(core, screen, thread)
                while (text := await screen.read()) is not None and text not in LEAVE:
                    await _answer(
                        core, screen, AskRequest(text=text, thread=thread, overrides=asked.overrides), signals
                    )
    except asyncio.CancelledError:
        if not signals.number:
            raise
        raise Interrupted(signals.number) from None


async def _greet(core: Core, screen: ChatScreen, thread: str) -> None:
    screen.say(f"{core.model.name} answers in the conversation {thread!r}. /help tells what it can do; Ctrl+C stops an")
    screen.say("answer, Alt+Enter begins a new line, Ctrl+D or /quit leaves.")
    before = await core.store.get_entries(key_of(thread), start=0)
    for entry in before[-SHOWN_AGAIN:]:
        _show_again(screen, entry)


def _show_again(screen: ChatScreen, entry: StoredEntry) -> None:
    if entry.entry.role == "assistant":
        screen.markdown(entry.entry.text)
    else:
        screen.say(f"> {entry.entry.text}")


async def _answer(core: Core, screen: ChatScreen, question: AskRequest, signals: StopSignals) -> None:
    """Answer one question or carry out a command; what goes wrong is told, and the conversation goes on.

    Ctrl+C stops the answer alone. Raises `Interrupted` for other signals.
    """
    if not question.text:
        return
    with signals.answering(), screen.without_echo():
        incoming = incoming_of(question)
        try:
            handled = await core.inbox.handle(incoming)
            if handled.outcome is Outcome.REPLIED:
                screen.markdown(handled.text)
        except BotError as error:
            screen.say(str(error))
        finally:
            await core.inbox.mark_answered(incoming)
        await drain(core, incoming, signals.came)
        screen.close_reply()
        screen.end_part()
    if signals.number not in {0, signal.SIGINT}:
        raise Interrupted(signals.number)
