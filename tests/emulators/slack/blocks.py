"""Whether Slack would take these blocks: what its SDK checks, what its specification says, and what neither tells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import jsonschema_rs
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests.data import data_folder
from tests.emulators.slack.errors import SlackError

Json = dict[str, Any]

MOST_BLOCKS = 50  # in a message (Block Kit reference)
MOST_VIEW_BLOCKS = 100
MOST_BLOCK_CHARACTERS = 13_200  # all texts of a message together; measured in slackapi/bolt-js#2509
MOST_MARKDOWN = 12_000  # all markdown blocks of a message together (markdown block reference)
MOST_TABLE_CHARACTERS = 10_000  # measured by others, see the README

_KNOWN = frozenset(
    {
        "actions", "alert", "auth_provider", "call", "card", "carousel", "container", "context", "context_actions",
        "data_table", "data_visualization", "divider", "file", "header", "image", "input", "markdown", "plan",
        "rich_text", "section", "table", "task_card", "video",
    }
)  # fmt: skip
_NOT_IN_VIEWS = frozenset({"markdown", "table", "context_actions", "plan", "task_card"})
_NOT_IN_MESSAGES = frozenset({"file"})


def read_blocks(value: Any) -> list[Json]:
    """The blocks that were sent. Raises `SlackError` (invalid_blocks_format) when they are no list of objects."""
    if value is None:
        return []
    if not _is_list_of_objects(value):
        raise SlackError("invalid_blocks_format")
    return list(value)


def _check_types(value: Json, where: str) -> None:
    """Fields that every element has in the same way hold what they should."""
    for name, item in value.items():
        fits = _FIELDS.get(name)
        if fits and item is not None and not fits(item):
            raise SlackError("invalid_blocks", f"wrong type: {name} {where}")
        for inner in item if isinstance(item, list) else [item]:
            for deeper in inner if isinstance(inner, list) else [inner]:
                if isinstance(deeper, dict):
                    _check_types(deeper, where)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


_FIELDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("action_id", "alt_text", "block_id", "image_url", "status", "task_id", "type", "value"), _is_text),
    **dict.fromkeys(("accessory", "element", "label", "negative_button", "placeholder", "positive_button"), _is_object),
    **dict.fromkeys(
        ("blocks", "child_blocks", "elements", "fields", "option_groups", "options", "tasks"), _is_list_of_objects
    ),
    **dict.fromkeys(("text", "title", "details", "output"), lambda value: isinstance(value, str | dict)),
    "rows": lambda value: isinstance(value, list) and all(map(_is_list_of_objects, value)),
}


def check_message_blocks(blocks: list[Json]) -> list[str]:
    """Warnings about the blocks of a message. Raises `SlackError` for what Slack refuses."""
    for place, block in enumerate(blocks):
        _check_types(block, _where(place))
    if sum(map(len, _texts(blocks))) > MOST_BLOCK_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    if sum(len(item.get("text") or "") for item in blocks if item.get("type") == "markdown") > MOST_MARKDOWN:
        raise SlackError("msg_blocks_too_long", f"more than {MOST_MARKDOWN} characters in markdown blocks")
    _check(blocks, MOST_BLOCKS, _NOT_IN_MESSAGES)
    return specification_warnings("blocks", blocks)


def check_view_blocks(blocks: list[Json]) -> None:
    """Check the blocks of a view. Raises `SlackError`."""
    for place, block in enumerate(blocks):
        _check_types(block, _where(place))
    _check(blocks, MOST_VIEW_BLOCKS, _NOT_IN_VIEWS)


def _check(blocks: list[Json], most: int, refused: frozenset[str]) -> None:
    if len(blocks) > most:
        raise SlackError("invalid_blocks", f"no more than {most} items allowed [json-pointer:/blocks]")
    for place, block in enumerate(blocks):
        where = _where(place)
        kind = block.get("type")
        if kind not in _KNOWN or kind in refused:
            raise SlackError("invalid_blocks", f"unsupported type: {kind} {where}")
        _check_empty(block, where)
        _check_by_sdk(block, where)
        if kind == "table" and sum(map(len, _texts(block))) > MOST_TABLE_CHARACTERS:
            raise SlackError("invalid_blocks", f"a table of more than {MOST_TABLE_CHARACTERS} characters {where}")
    for name in ("action_id", "block_id"):
        again = [item for item, count in Counter(_values(blocks, name)).items() if count > 1]
        if again:
            raise SlackError("invalid_blocks", f"{name} {again[0]!r} already exists")


def _where(place: int) -> str:
    return f"[json-pointer:/blocks/{place}]"


def _check_by_sdk(block: Json, where: str) -> None:
    try:
        parsed = Block.parse(block)
        if parsed is not None:
            parsed.to_dict()
    except SlackObjectFormationError as error:
        raise SlackError("invalid_blocks", f"{error} {where}") from None
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise SlackError("invalid_blocks", f"malformed: {type(error).__name__} {where}") from None


def _check_empty(value: Any, where: str) -> None:
    """Text objects and markdown blocks must say something."""
    if isinstance(value, list):
        for item in value:
            _check_empty(item, where)
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn", "markdown"} and not value.get("text"):
            raise SlackError("invalid_blocks", f"must be more than 0 characters {where}")
        for item in value.values():
            _check_empty(item, where)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "text" and isinstance(item, str):
                yield item
            else:
                yield from _texts(item)


def _values(value: Any, wanted: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, wanted)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == wanted and isinstance(item, str):
                yield item
            else:
                yield from _values(item, wanted)


def specification_warnings(name: str, value: Any) -> list[str]:
    """Where `value` departs from specs/slack_NAME.schema.json, which is stricter than Slack; [] without that file."""
    validator = _validator(name)
    if validator is None:
        return []
    return [f"{error.message[:200]} at {list(error.instance_path)}" for error in validator.iter_errors(value)]


@cache
def _validator(name: str) -> jsonschema_rs.Draft7Validator | None:
    path = data_folder() / "specs" / f"slack_{name}.schema.json"
    if not path.is_file():
        return None
    return jsonschema_rs.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))
