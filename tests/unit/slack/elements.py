"""Blocks and elements of Slack, written shortly, and the names of those whom they mention."""

from __future__ import annotations

from typing import Any

from adapters.slack import message_content
from adapters.slack.payloads import SlackMessage
from bot.types.content import MessageContent

Json = dict[str, Any]

NAMES = {"U1": "Ada", "U2": "Ben", "UBOT": "Seedling", "C1": "general", "S1": "ops"}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(value: str, **style: bool) -> Json:
    return {"type": "text", "text": value} | ({"style": style} if style else {})


def mrkdwn(value: str) -> Json:
    return {"type": "mrkdwn", "text": value}


def plain(value: str) -> Json:
    return {"type": "plain_text", "text": value}


def read_content(message: Json, names: dict[str, str], **options: Any) -> MessageContent:
    return message_content.read_content(SlackMessage.read(message), names, **options)
