"""Build the settings modal from the table of parameters, and read it back. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from adapters.slack.api.limits import INPUT_CHARACTERS, METADATA_CHARACTERS
from adapters.slack.events.event_payloads import ModalView
from adapters.slack.replies.markdown import Block
from adapters.slack.replies.rendering import shortened
from bot.chat.settings_panel import PanelRow, PanelScope, SettingsPanel, scopes_at
from bot.commands.parameter_text import origin_text
from bot.language import gettext, gettext_noop
from bot.parameters import PARAMETERS, Parameter

FORM: Final = "seedling_settings"
SCOPE: Final = "seedling_scope"
NOT_SET: Final = "-"
LABELS: Final[Mapping[PanelScope, str]] = {
    "workspace": gettext_noop("The whole workspace"),
    "channel": gettext_noop("This channel"),
    "conversation": gettext_noop("This thread"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsTarget:
    """Target of a form: the channel and thread ("" for none), and the scope that is being set."""

    channel: str
    thread: str
    kind: PanelScope

    @property
    def kinds(self) -> tuple[PanelScope, ...]:
        """The scopes that there are here."""
        return scopes_at(has_channel=bool(self.channel), has_thread=bool(self.thread))


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


def form(where: SettingsTarget, panel: SettingsPanel) -> dict[str, Any]:
    """Return the form that shows a panel: what somebody may not set there is told, with who may."""
    blocks = [_scope_block(panel)]
    blocks += [_input(where, row) if row.is_open else _told(row) for row in panel.rows]
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": write_where(where),
        "title": _plain(gettext("Seed settings")),
        "submit": _plain(gettext("Save")),
        "close": _plain(gettext("Cancel")),
        "blocks": blocks,
    }


def _scope_block(panel: SettingsPanel) -> Block:
    options = {scope: _option(gettext(LABELS[scope]), scope) for scope in panel.offered_scopes or [panel.scope]}
    return {
        "type": "section",
        "block_id": SCOPE,
        "text": {
            "type": "mrkdwn",
            "text": gettext("*Where these settings apply*\nWhat you leave empty stays as it is."),
        },
        "accessory": {
            "type": "static_select",
            "action_id": SCOPE,
            "options": list(options.values()),
            "initial_option": options.get(panel.scope, next(iter(options.values()))),
        },
    }


def _input(where: SettingsTarget, row: PanelRow) -> Block:
    parameter = row.parameter
    return {
        "type": "input",
        "block_id": block_id(where.kind, parameter),  # another one for each scope, or Slack would keep what was typed
        "optional": True,
        "label": _plain(parameter.name),
        "hint": _plain(
            gettext("Now {in_force}. {help} It takes {allowed}.").format(
                in_force=_in_force(row), help=gettext(parameter.help), allowed=parameter.allowed
            )
        ),
        "element": _element(row),
    }


def _told(row: PanelRow) -> Block:
    text = gettext("{name}: {in_force}. Only {holders} can set it.").format(
        name=row.parameter.name, in_force=_in_force(row), holders=row.holders
    )
    return {"type": "context", "elements": [_plain(text)]}


def _element(row: PanelRow) -> Block:
    parameter, own = row.parameter, row.own
    if row.choices:
        options = {NOT_SET: _option(gettext("not set here"), NOT_SET)} | {
            value: _option(value, value) for value in row.choices
        }
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


def block_id(kind: PanelScope, parameter: Parameter) -> str:
    """Return the block of a parameter in the form of one scope."""
    return f"{kind}:{parameter.name}"


def as_shown(where: SettingsTarget, view: ModalView, panel: SettingsPanel) -> SettingsPanel:
    """Return a panel as a form showed it: what somebody else has set since then is none of its changes."""
    blocks = {block.block_id: block.element for block in view.blocks}
    own = {}
    for row in panel.rows:
        element = blocks.get(block_id(where.kind, row.parameter))
        shown = row.own if element is None else _text(element.shown)
        own[row.parameter.name] = row.own if shown == row.own[:INPUT_CHARACTERS] else shown
    return replace(panel, own=own)


def read_form(
    where: SettingsTarget, view: ModalView, shown: SettingsPanel
) -> tuple[Mapping[str, str | None], Mapping[str, str]]:
    """Return what was changed of what was shown, by name (None takes a value back), and what is wrong, by block."""
    values = view.state.values
    given: dict[str, str] = {}
    for row in shown.rows:
        block = block_id(where.kind, row.parameter)
        if block in values:
            field = values[block].get(row.parameter.name)
            text = _text(field.given if field is not None else "")
            given[row.parameter.name] = row.own if text == row.own[:INPUT_CHARACTERS] else text
    changes, errors = shown.changes(given)
    return changes, {block_id(where.kind, PARAMETERS[name]): text for name, text in errors.items()}


def _text(field: str) -> str:
    """Return what stands in a field; "" for what is not set."""
    return "" if field == NOT_SET else field.strip()


def _in_force(row: PanelRow) -> str:
    return f"{shortened(row.value, 100)} ({origin_text(row.effective)})"


def _option(text: str, value: str) -> Block:
    return {"text": _plain(text), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
