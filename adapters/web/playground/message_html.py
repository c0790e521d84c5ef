"""Make messages the HTML of the page: whole for a new one, in parts for an answer that grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from adapters.web.playground.message_view import present_message, render_ahead
from bot.types import ChannelMessage

Parts = Mapping[str, str]
"""What of an answer changes while it grows, by name: "reasoning", "body" and "foot"."""


class MessageHtml:
    """Renders messages for events, which are the same for everybody who sees them."""

    def __init__(self, environment: Environment) -> None:
        self._macros: Any = environment.get_template("playground/message.html").module

    async def parts(self, message: ChannelMessage) -> Parts:
        """Return the parts of an answer."""
        await render_ahead([message])
        shown = present_message(message)
        return {
            "reasoning": str(self._macros.reasoning(shown)).strip(),
            "body": shown["html"],
            "foot": str(self._macros.foot(shown)).strip(),
        }

    async def article(self, message: ChannelMessage) -> str:
        """Return a whole message."""
        await render_ahead([message])
        return str(self._macros.message(present_message(message))).strip()

    async def frame(self, message: ChannelMessage) -> str:
        """Return a message whose parts are still to be filled in."""
        await render_ahead([message])
        shown = present_message(message)
        return str(self._macros.message({**shown, "html": Markup(), "answer": {**shown["answer"], "empty": True}}))
