"""Encode values as JSON and back: the one place that knows how nested values look inside a column.

Every `x_to_json` has an `x_from_json` that gives back an equal value. Decimals travel as text, so no cent is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bot.types import (
    Attachment,
    ConversationKey,
    CostSplit,
    Draft,
    Footer,
    Incoming,
    Person,
    RequestFigures,
    Source,
    Task,
    Usage,
)

Json = dict[str, Any]

RENAMED = {
    "addressed": "is_directed",
    "starts_thread": "is_top_level",
    "administers": "is_admin",
    "source_id": "message_id",
}
"""Fields that columns hold under an earlier name; a migration would cost and change nothing."""


def as_utc(at: datetime) -> datetime:
    """Return the same instant in UTC. Raises `ValueError` for a naive time, which names no instant."""
    if at.utcoffset() is None:
        raise ValueError(f"times must be aware, and {at.isoformat()} is not")
    return at.astimezone(UTC)


def attachments_to_json(attachments: Sequence[Attachment]) -> list[Json]:
    """Return a JSON array of attachments, in order."""
    return [
        {
            "id": attachment.id,
            "name": attachment.name,
            "media_type": attachment.media_type,
            "size": attachment.size,
            "url": attachment.url,
            **({"transcript": attachment.transcript} if attachment.transcript else {}),
        }
        for attachment in attachments
    ]


def attachments_from_json(array: Sequence[Json]) -> tuple[Attachment, ...]:
    """Return the attachments of a JSON array, in order."""
    return tuple(Attachment(**item) for item in array)


def incoming_to_json(incoming: Incoming) -> Json:
    """Return a JSON object of an incoming."""
    return {
        "key": asdict(incoming.key),
        "dedupe_key": incoming.dedupe_key,
        "author": asdict(incoming.author),
        "text": incoming.text,
        "at": as_utc(incoming.sent_at).isoformat(),
        "source_id": incoming.message_id,
        "attachments": attachments_to_json(incoming.attachments),
        "overrides": dict(incoming.overrides),
        "addressed": incoming.is_directed,
        "starts_thread": incoming.is_top_level,
        "task": incoming.task.value,
        "reply_ref": incoming.reply_ref,
        "private": incoming.private,
        "administers": incoming.is_admin,
        "bot_is_member": incoming.bot_is_member,
        "time_zone": incoming.time_zone,
        "details": dict(incoming.platform_data),
    }


def incoming_from_json(json: Json) -> Incoming:
    """Return the incoming of a JSON object."""
    nested = {
        "key": ConversationKey(**json["key"]),
        "author": Person(**json["author"]),
        "sent_at": datetime.fromisoformat(json["at"]),
        "attachments": attachments_from_json(json["attachments"]),
        "overrides": MappingProxyType(json["overrides"]),
        "task": Task(json["task"]),
        "platform_data": MappingProxyType(json["details"]),
    }
    renamed = {name: json[key] for key, name in RENAMED.items()}
    kept = {key: value for key, value in json.items() if key not in {*RENAMED, "at", "details"}}
    return Incoming(**{**kept, **renamed, **nested})


def figures_to_json(figures: RequestFigures) -> Json:
    """Return a JSON object of a request's figures."""
    json = asdict(figures)
    return {"head": json.pop("system_prompt"), **json}  # the earlier name, as with `RENAMED`


def figures_from_json(json: Json) -> RequestFigures:
    """Return a request's figures of a JSON object."""
    return RequestFigures(system_prompt=json["head"], **{name: json[name] for name in json if name != "head"})


def source_to_json(source: Source) -> Json:
    """Return a JSON object of a source."""
    return {"url": source.url, "title": source.title}


def source_from_json(json: Json) -> Source:
    """Return the source of a JSON object."""
    return Source(**json)


def usage_to_json(usage: Usage) -> Json:
    """Return a JSON object of a usage."""
    return {
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "reasoning": usage.reasoning,
        "estimated": usage.estimated,
        "tools": dict(usage.tools),
        "reported_cost": decimal_to_text(usage.reported_cost),
        "requests": usage.requests,
    }


def usage_from_json(json: Json) -> Usage:
    """Return the usage of a JSON object."""
    tools: Mapping[str, int] = MappingProxyType(json["tools"])
    return Usage(**{**json, "tools": tools, "reported_cost": decimal_from_text(json["reported_cost"])})


def footer_to_json(footer: Footer) -> Json:
    """Return a JSON object of a footer."""
    return {
        "model": footer.model,
        "usage": usage_to_json(footer.usage),
        "cost": decimal_to_text(footer.cost),
        "seconds": footer.seconds,
        "show_cost": footer.show_cost,
        "split": None if footer.split is None else split_to_json(footer.split),
    }


def footer_from_json(json: Json) -> Footer:
    """Return the footer of a JSON object."""
    split = json.get("split")
    values = {
        "usage": usage_from_json(json["usage"]),
        "cost": decimal_from_text(json["cost"]),
        "split": None if split is None else CostSplit(**{name: Decimal(cost) for name, cost in split.items()}),
    }
    return Footer(**{**json, **values})


def split_to_json(split: CostSplit) -> Json:
    """Return a JSON object of a cost's parts."""
    return {name: str(getattr(split, name)) for name in split.__slots__}


def draft_to_json(draft: Draft) -> Json:
    """Return a JSON object of a draft."""
    return {
        "status": draft.status,
        "text": draft.text,
        "reasoning": draft.reasoning,
        "sources": [source_to_json(source) for source in draft.sources],
        "notices": list(draft.notices),
        "footer": None if draft.footer is None else footer_to_json(draft.footer),
        "is_cut": draft.is_cut,
        "links": list(draft.links),
        "file_name": draft.file_name,
        "progress": draft.progress,
    }


def draft_from_json(json: Json) -> Draft:
    """Return the draft of a JSON object."""
    return Draft(
        status=json["status"],
        text=json["text"],
        reasoning=json["reasoning"],
        sources=tuple(source_from_json(source) for source in json["sources"]),
        notices=tuple(json["notices"]),
        footer=None if json["footer"] is None else footer_from_json(json["footer"]),
        is_cut=json["is_cut"],
        links=tuple(json.get("links", ())),
        file_name=json.get("file_name", ""),
        progress=json.get("progress", ""),
    )


def decimal_to_text(number: Decimal | None) -> str | None:
    """Return the exact text of a decimal."""
    return None if number is None else str(number)


def decimal_from_text(text: str | None) -> Decimal | None:
    """Return the decimal that a text stands for, digit by digit."""
    return None if text is None else Decimal(text)
