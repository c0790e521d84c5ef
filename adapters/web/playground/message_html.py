"""Make messages the HTML of the page: whole for a new one, in parts for an answer that grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from adapters.web.playground.differences import NOTHING
from adapters.web.playground.markdown_html import GrowingMarkdown
from adapters.web.playground.message_view import Json, present_message, render_ahead
from bot.types import ChannelMessage

Parts = Mapping[str, str]
"""What of an answer changes while it grows, by name: "reasoning", "body" and "foot"."""


class Growing:
    """Texts of an answer that is being written, as far as they are known."""

    def __init__(self) -> None:
        self.text = GrowingMarkdown()
        self.reasoning = GrowingMarkdown()


class MessageHtml:
    """Renders messages for events, which are the same for everybody who sees them."""

    def __init__(self, environment: Environment) -> None:
        self._macros: Any = environment.get_template("playground/message.html").module

    async def parts(self, message: ChannelMessage) -> Parts:
        """Return the parts of an answer."""
        await render_ahead([message])
        return self._parts(present_message(message))

    def growing_parts(self, message: ChannelMessage, growing: Growing) -> Parts:
        """Return the same of an answer that is being written: only the last block of a text is read again."""
        answer = message.answer or NOTHING
        shown = present_message(replace(message, text=".", answer=replace(answer, reasoning="")))
        shown["html"] = growing.text.render(message.text)
        shown["answer"]["reasoning"] = growing.reasoning.render(answer.reasoning) if answer.reasoning else ""
        return self._parts(shown)

    def _parts(self, shown: Json) -> Parts:
        return {
            "reasoning": str(self._macros.reasoning(shown)).strip(),
            "body": shown["html"],
            "foot": str(self._macros.foot(shown)).strip(),
        }

    async def article(self, message: ChannelMessage) -> str:
        """Return a whole message."""
        await render_ahead([message])
        return str(self._macros.message(present_message(message))).strip()

    def frame(self, message: ChannelMessage) -> str:
        """Return an answer whose parts are still to be filled in."""
        answer = replace(message.answer or NOTHING, reasoning="")
        shown = present_message(replace(message, text=".", answer=answer))
        return str(self._macros.message({**shown, "html": Markup(), "answer": {**shown["answer"], "empty": True}}))
