"""Build the settings modal from the table of parameters, and read it back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from adapters.slack.api.limits import INPUT_CHARACTERS, METADATA_CHARACTERS
from adapters.slack.payloads import field
from adapters.slack.replies.markdown import Block
from adapters.slack.replies.rendering import shortened
from bot.access.roles import HOLDERS, Permissions, Role
from bot.commands.parameter_text import origin_text
from bot.errors import InvalidInput
from bot.parameters import Effective, Parameter

FORM: Final = "seedling_settings"
SCOPE: Final = "seedling_scope"
NOT_SET: Final = "-"
Kind = Literal["workspace", "channel", "conversation"]
KINDS: Final[tuple[Kind, ...]] = ("workspace", "channel", "conversation")
LABELS: Final[Mapping[str, str]] = {
    "workspace": "The whole workspace",
    "channel": "This channel",
    "conversation": "This thread",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsTarget:
    """Target of a form: the channel and thread ("" for none), and the scope that is being set."""

    channel: str
    thread: str
    kind: Kind

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The scopes that there are here."""
        return KINDS[: 1 + bool(self.channel) + bool(self.channel and self.thread)]


def write_where(where: SettingsTarget) -> str:
    """As it stands in a view's private_metadata."""
    return json.dumps(asdict(where))


def read_where(text: str) -> SettingsTarget | None:
    """Return what a form is about; None for anything that is no such text."""
    try:
        told = json.loads(text) if len(text) <= METADATA_CHARACTERS else None
        where = SettingsTarget(**{name: str(value) for name, value in told.items()})  # type: ignore[arg-type, union-attr]
    except (ValueError, TypeError, AttributeError):
        return None
    return where if where.kind in where.kinds else None


def form(
    where: SettingsTarget, effective: Mapping[str, Effective], own: Mapping[str, str], permissions: Permissions
) -> dict[str, Any]:
    """Return the form: `effective` is what holds there, `own` what is set at the very scope, as text by name.

    What somebody may not set there is told, with who may.
    """
    blocks = [_scope_block(where, permissions)]
    for item in effective.values():
        parameter = item.parameter
        if permissions.allow(parameter.name, parameter.roles, where.kind):
            blocks.append(_input(where, item, own.get(parameter.name)))
        else:
            blocks.append(_told(item, permissions.needs(parameter.name, parameter.roles, where.kind)))
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": write_where(where),
        "title": _plain("Seed settings"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


def _scope_block(where: SettingsTarget, permissions: Permissions) -> Block:
    is_admin = permissions.role is Role.ADMINISTRATOR
    kinds = [kind for kind in where.kinds if is_admin or kind != "workspace"] or [where.kind]
    options = {kind: _option(LABELS[kind], kind) for kind in reversed(kinds)}
    return {
        "type": "section",
        "block_id": SCOPE,
        "text": {"type": "mrkdwn", "text": "*Where these settings apply*\nWhat you leave empty stays as it is."},
        "accessory": {
            "type": "static_select",
            "action_id": SCOPE,
            "options": list(options.values()),
            "initial_option": options.get(where.kind, next(iter(options.values()))),
        },
    }


def _input(where: SettingsTarget, each: Effective, own: str | None) -> Block:
    parameter = each.parameter
    return {
        "type": "input",
        "block_id": block_id(where.kind, parameter),  # another one for each scope, or Slack would keep what was typed
        "optional": True,
        "label": _plain(parameter.name),
        "hint": _plain(f"Now {_value(each)} ({origin_text(each)}). {parameter.help} It takes {parameter.allowed}."),
        "element": _element(parameter, own),
    }


def _told(each: Effective, needed: Role) -> Block:
    text = f"{each.parameter.name}: {_value(each)} ({origin_text(each)}). Only {HOLDERS[needed]} can set it."
    return {"type": "context", "elements": [_plain(text)]}


def _element(parameter: Parameter, own: str | None) -> Block:
    values = ("yes", "no") if parameter.kind == "boolean" else parameter.choices
    if values:
        options = {NOT_SET: _option("not set here", NOT_SET)} | {value: _option(value, value) for value in values}
        chosen = options.get(own or NOT_SET, options[NOT_SET])
        return {
            "type": "static_select",
            "action_id": parameter.name,
            "options": list(options.values()),
            "initial_option": chosen,
        }
    element: Block = {
        "type": "plain_text_input",
        "action_id": parameter.name,
        "multiline": parameter.kind == "text",
        "max_length": INPUT_CHARACTERS,
    }
    return element | ({"initial_value": own[:INPUT_CHARACTERS]} if own else {})


def block_id(kind: Kind, parameter: Parameter) -> str:
    """Return the block of a parameter in the form of one scope."""
    return f"{kind}:{parameter.name}"


def read_form(
    where: SettingsTarget, view: Mapping[str, Any], parameters: Sequence[Parameter], own: Mapping[str, str]
) -> tuple[Mapping[str, str | None], Mapping[str, str]]:
    """Return what was changed, by name (None takes a value back), and what is wrong, by block."""
    changes: dict[str, str | None] = {}
    errors: dict[str, str] = {}
    values = view.get("state", {}).get("values", {})
    for parameter in parameters:
        block = block_id(where.kind, parameter)
        if not isinstance(values, Mapping) or block not in values:
            continue
        text = _given(values[block], parameter.name)
        before = own.get(parameter.name, "")
        if text == before[:INPUT_CHARACTERS]:
            continue
        try:
            changes[parameter.name] = parameter.format(parameter.parse(text)) if text else None
        except InvalidInput as error:
            errors[block] = str(error)
    return changes, errors


def _given(block: Any, name: str) -> str:
    """Return what stands in a field; "" for what is not set."""
    element = block.get(name) if isinstance(block, Mapping) else None
    if not isinstance(element, Mapping):
        return ""
    text = field(element, "value") or field(element, "selected_option", "value")
    return "" if text == NOT_SET else text.strip()


def _value(each: Effective) -> str:
    return shortened(" ".join(each.parameter.format(each.value).split()), 100)


def _option(text: str, value: str) -> Block:
    return {"text": _plain(text), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
