"""Rules of messages that the specification does not tell (platform reference, 2.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.emulators.discord.errors import ApiError, wrong_form
from tests.emulators.discord.world import COMPONENTS_V2, Payload

CONTENT = 2_000  # for bots; people with a subscription may write 4,000
EMBEDS_TOGETHER = 6_000
COMPONENTS_TOGETHER = 40
TEXT_TOGETHER = 4_000
ROWS, BUTTONS = 5, 5
FILE_BYTES = 10 * 1024 * 1024
REQUEST_BYTES = 25 * 1024 * 1024

_CONTAINERS_ONLY_V2 = frozenset({9, 10, 11, 12, 13, 14, 17})
_BUTTON, _TEXT_DISPLAY, _LINK = 2, 10, 5
_PREMIUM = 6


def check_message(body: Mapping[str, Any], *, flags: int) -> None:
    """Check content, embeds and components. Raises `ApiError`."""
    content = body.get("content") or ""
    if len(content) > CONTENT:
        raise wrong_form(["content"], "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT} or fewer in length.")
    embeds = body.get("embeds") or []
    if sum(_embed_length(embed) for embed in embeds) > EMBEDS_TOGETHER:
        raise wrong_form(["embeds"], "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBEDS_TOGETHER}")
    components = body.get("components") or []
    if flags & COMPONENTS_V2:
        _check_v2(body, components)
    else:
        _check_rows(components)
    _check_custom_ids(components)


def _check_v2(body: Mapping[str, Any], components: Sequence[Payload]) -> None:
    for name in ("content", "embeds", "poll", "sticker_ids"):
        if body.get(name):
            message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            raise wrong_form([name], "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    every = list(walk(components))
    if len(every) > COMPONENTS_TOGETHER:
        message = f"Must be {COMPONENTS_TOGETHER} or fewer in total."
        raise wrong_form(["components"], "BASE_TYPE_BAD_LENGTH", message)
    if sum(len(item["content"]) for item in every if item["type"] == _TEXT_DISPLAY) > TEXT_TOGETHER:
        message = f"Must be {TEXT_TOGETHER} or fewer in length, all text displays together."
        raise wrong_form(["components"], "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _check_rows(components: Sequence[Payload]) -> None:
    if len(components) > ROWS:
        raise wrong_form(["components"], "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {ROWS} in length.")
    for number, item in enumerate(components):
        if item["type"] in _CONTAINERS_ONLY_V2:
            message = "The component needs MessageFlags.IS_COMPONENTS_V2"
            raise wrong_form(["components", number], "UNION_TYPE_CHOICES", message)


def _check_custom_ids(components: Sequence[Payload]) -> None:
    seen: set[str] = set()
    for item in walk(components):
        custom_id = item.get("custom_id")
        if custom_id in seen:
            raise wrong_form(
                ["components"], "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
            )
        if custom_id is not None:
            seen.add(custom_id)
        if item["type"] == _BUTTON and item["style"] != _PREMIUM:
            _check_button(item)


def _check_button(each: Payload) -> None:
    if (each["style"] == _LINK) != bool(each.get("url")) or (each["style"] == _LINK) == bool(each.get("custom_id")):
        message = "A button has a url (style 5) or a custom id (the others)"
        raise wrong_form(["components"], "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", message)
    if not each.get("label") and not each.get("emoji"):
        raise wrong_form(["components"], "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")


def check_not_empty(*, content: str, others: Sequence[object]) -> None:
    """Refuse a message in which there is nothing. Raises `ApiError` 50006."""
    if not content.strip() and not any(others):
        raise ApiError(400, 50006, "Cannot send an empty message")


def walk(components: Sequence[Payload]) -> Iterator[Payload]:
    """Every component, those inside others included."""
    for component in components:
        yield component
        yield from walk(component.get("components") or ())
        for name in ("accessory", "component"):
            if component.get(name):
                yield from walk([component[name]])


def _embed_length(embed: Payload) -> int:
    parts = [embed.get("title"), embed.get("description")]
    parts += [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    for field in embed.get("fields") or ():
        parts += [field.get("name"), field.get("value")]
    return sum(len(part) for part in parts if part)
