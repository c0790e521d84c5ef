"""Show every parameter as a form beside the conversation, and set what is filled in at the scope that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Final
from urllib.parse import urlencode

from adapters.web.frame import Form
from adapters.web.playground.message_view import Json, place_path
from adapters.web.playground.shared import Surroundings
from bot.chat.reply_actions import UNDO
from bot.chat.settings_panel import PanelRow, PanelScope, SettingsPanel, own_values, scopes_at, stored_scope
from bot.errors import ChangedMeanwhile, InvalidInput
from bot.language import gettext, gettext_noop
from bot.parameters import PARAMETERS
from bot.ports import Bot
from bot.types import Incoming

TURN: Final = "turn"
"""The scope of the next answer alone, which the page keeps until it is asked for."""

SCOPE_WORDS: Final[Mapping[str, str]] = {
    TURN: gettext_noop("For the next answer"),
    "conversation": gettext_noop("For this conversation"),
    "channel": gettext_noop("For this channel"),
    "workspace": gettext_noop("For the whole workspace"),
}
ORIGIN_WORDS: Final[Mapping[str, str]] = {
    "default": gettext_noop("the default"),
    "workspace": gettext_noop("set for the workspace"),
    "channel": gettext_noop("set for this channel"),
    "conversation": gettext_noop("set for this conversation"),
    TURN: gettext_noop("for the next answer"),
}
SHOWN: Final = "shown-"
"""How the fields begin that hold what a form showed of a parameter."""

LONG: Final = 200
"""Characters of a text from which on it is written in several lines."""


async def read_panel(bot: Bot, here: Surroundings, asked: Incoming, scope: str) -> SettingsPanel:
    """Return what somebody may set at a scope. Raises `StorageError`."""
    is_conversation = bool(here.thread) or here.channel.direct
    scopes = scopes_at(has_channel=True, has_thread=is_conversation)
    chosen: PanelScope = next((item for item in scopes if item == scope), scopes[-1])
    return SettingsPanel(
        scope=chosen,
        scopes=scopes,
        effective=await bot.get_parameters(here.key),
        permissions=await bot.permissions(asked),
        own={} if scope == TURN else await own_values(bot, here.key, chosen),
    )


def present_panel(panel: SettingsPanel, scope: str, form: Form | None = None) -> Json:
    """Return the form: each parameter with its field, the value in force, where that comes from, and its range."""
    is_turn = scope == TURN
    rows = [row for row in panel.rows if not is_turn or row.parameter.is_for_turns]
    offered = [TURN, *panel.offered_scopes]
    return {
        "scope": scope if scope in offered else panel.scope,
        "scopes": [{"name": name, "word": gettext(SCOPE_WORDS[name])} for name in offered],
        "is_turn": is_turn,
        "is_open": is_turn or panel.is_open,
        "errors": form.errors if form else {},
        "groups": [
            {"title": title, "rows": [_present_row(row, is_turn, form) for row in rows if row.parameter.wire is wire]}
            for title, wire in (
                (gettext("What the model is told"), True),
                (gettext("What Seedling does"), False),
            )
        ],
    }


def _present_row(row: PanelRow, is_turn: bool, form: Form | None) -> Json:
    parameter = row.parameter
    own = "" if is_turn else row.own
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "help": gettext(parameter.help),
        "allowed": parameter.allowed,
        "value": row.value,
        "origin": gettext(ORIGIN_WORDS[row.effective.origin]),
        "own": form[parameter.name] if form and _is_touched(form, parameter.name) else own,
        "shown": own,
        "choices": row.choices,
        "low": f"{parameter.low:g}" if parameter.low is not None else "",
        "high": f"{parameter.high:g}" if parameter.high is not None else "",
        "step": "1" if parameter.kind == "integer" else "0.1",
        "is_long": parameter.kind == "text" and (parameter.high or 0) > LONG,
        "is_open": is_turn or row.is_open,
        "holders": row.holders,
    }


def _is_touched(form: Form, name: str) -> bool:
    """Return whether somebody changed what a form showed of a parameter."""
    return name in form.values and form[name] != form[SHOWN + name]


async def save(bot: Bot, here: Surroundings, asked: Incoming, form: Form) -> tuple[SettingsPanel, str, str]:
    """Set what was filled in; return the panel as it is then, what was said about it, and what takes it back.

    What is wrong goes into the form, and then nothing is set. Raises `InvalidInput` and `StorageError`.
    """
    panel = await read_panel(bot, here, asked, form["scope"])
    if form["scope"] != panel.scope:
        raise InvalidInput(gettext("Nothing can be set there."))
    given = {name: form[name] for name in PARAMETERS if name in form.values}
    seen = {name: form[SHOWN + name] for name in given if SHOWN + name in form.values}
    shown = replace(panel, own={**panel.own, **seen})
    changes, errors = shown.changes(given)
    form.errors.update(errors)
    if errors or not changes:
        return panel, "" if errors else gettext("Nothing was changed."), ""
    at, expected = stored_scope(here.key, panel.scope), shown.expected(changes)
    try:
        handled = await bot.set_parameters(at, changes, asked=asked, answer=_told(changes), expected=expected)
    except ChangedMeanwhile as error:
        panel = await read_panel(bot, here, asked, form["scope"])
        others = [name for name, value in panel.expected(changes).items() if value != expected[name]]
        form.errors.update({name: str(error) for name in others or changes})
        return panel, "", ""
    return await read_panel(bot, here, asked, form["scope"]), handled.text or gettext("Saved."), handled.undo


def undo_button(here: Surroundings, command: str) -> str:
    """Return the button, as HTML, that carries out the command which takes a change back; "" for none."""
    if not command:
        return ""
    query = urlencode({"command": command, "thread": here.thread})
    path = escape(f"{place_path(here.channel.workspace, here.channel.id)}/undo?{query}")
    return f'<p><button class="quiet undo" form="act" formaction="{path}">{gettext(UNDO)}</button></p>'


def _told(changes: Mapping[str, str | None]) -> str:
    is_set, is_not = gettext("{name} is {value}"), gettext("{name} is not set here any more")
    words = [(is_set if value else is_not).format(name=name, value=value) for name, value in changes.items()]
    return gettext("Saved: {changes}.").format(changes=", ".join(words))
