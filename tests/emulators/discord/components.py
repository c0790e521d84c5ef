"""Components of messages as Discord gives them back: numbered, with what was left out filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.emulators.discord import rules
from tests.emulators.discord.errors import wrong_form
from tests.emulators.discord.world import Attachment, Payload

_CHOSEN: Payload = {"min_values": 1, "max_values": 1}

# What Discord fills in by component type, from its specification of answers.
_DEFAULTS: Mapping[int, Payload] = {
    **dict.fromkeys((3, 5, 6, 7, 8), _CHOSEN),
    11: {"description": None, "spoiler": False},
    13: {"spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
}
_ITEM: Payload = {"description": None, "spoiler": False}
_GALLERY, _FILE = 12, 13
_ATTACHED = "attachment://"


def numbered(components: Sequence[Payload]) -> list[Payload]:
    """A copy in which every component has an id and its defaults."""
    copied: list[Payload] = _copy(list(components))
    used = {node["id"] for node in rules.walk(copied) if node.get("id")}
    free = (number for number in range(1, 1_000) if number not in used)
    for node in rules.walk(copied):
        node["id"] = node.get("id") or next(free)
        node |= {name: value for name, value in _DEFAULTS.get(node["type"], {}).items() if name not in node}
    return copied


def shown(components: Sequence[Payload], attachments: Mapping[str, tuple[Attachment, str]]) -> list[Payload]:
    """Components with their media resolved; `attachments` are files and their addresses by name. Raises `ApiError`
    for a file that is not there.
    """
    made = numbered(components)
    for node in rules.walk(made):
        if node["type"] == _GALLERY:
            node["items"] = [_ITEM | item | {"media": _media(item["media"], attachments)} for item in node["items"]]
        for name in ("media", "file"):
            if name in node:
                node[name] = _media(node[name], attachments)
        if node["type"] == _FILE:
            file, _ = attachments[node["file"]["name"]]
            node["file"].pop("name")
            node |= {"name": file.filename, "size": len(file.data)}
    return made


def _media(media: Payload, attachments: Mapping[str, tuple[Attachment, str]]) -> Payload:
    url = media["url"]
    if not url.startswith(_ATTACHED):
        return {"id": "0", "url": url, "proxy_url": url}
    name = url.removeprefix(_ATTACHED)
    if name not in attachments:
        message = f"The referenced attachment {name!r} was not found"
        raise wrong_form(["components"], "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", message)
    file, address = attachments[name]
    return {"id": str(file.id), "url": address, "proxy_url": address, "attachment_id": str(file.id), "name": name}


def _copy(value: Any) -> Any:
    """A copy without what is null, as Discord gives it back."""
    if isinstance(value, list):
        return [_copy(item) for item in value]
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items() if item is not None}
    return value
