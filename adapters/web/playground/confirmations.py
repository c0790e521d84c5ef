"""Ask once more before something is deleted: a line that only who asked sees, with the button that does it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode

from adapters.web.playground.message_view import place_path
from adapters.web.playground.shared import Surroundings
from bot.commands.parser import parse
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import ChannelMessage

QUESTIONS: Final[Mapping[str, str]] = {
    "here": gettext_noop("This deletes the whole conversation for everybody in it, and cannot be taken back."),
    "me": gettext_noop("This deletes all that you ever asked and the answers to it, and cannot be taken back."),
}
BUTTONS: Final[Mapping[str, str]] = {
    "here": gettext_noop("Delete this conversation"),
    "me": gettext_noop("Delete all that I asked"),
}
DELETE_MESSAGE: Final = gettext_noop("Delete the message and everything made from it?")


def what_it_forgets(text: str) -> str:
    """Return what a command would delete that is asked for once more, "" for everything else that people write."""
    invocation = parse(text, directed=False)
    if invocation is None or invocation.command.name != "forget":
        return ""
    try:
        what = str(invocation.command.read(invocation.arguments)["what"])
    except InvalidInput:
        return ""
    return what if what in QUESTIONS else ""


def ask_to_forget(here: Surroundings, what: str) -> str:
    """Return the question whether a conversation is to be deleted, as HTML."""
    return _ask(here, gettext(QUESTIONS[what]), gettext(BUTTONS[what]), "forget", what=what)


def ask_to_delete(here: Surroundings, message: ChannelMessage) -> str:
    """Return the question whether a message is to be deleted, as HTML."""
    return _ask(here, gettext(DELETE_MESSAGE), gettext("Delete message"), "delete", id=message.id, sure="yes")


def _ask(here: Surroundings, question: str, button: str, act: str, **fields: str) -> str:
    path = place_path(here.channel.workspace, here.channel.id)
    action = escape(f"{path}/{act}?{urlencode({**fields, 'thread': here.thread})}")
    pressed = f'<button class="danger confirm" form="act" formaction="{action}">{escape(button)}</button>'
    return f"<p>{escape(question)}</p><p>{pressed}</p>"
