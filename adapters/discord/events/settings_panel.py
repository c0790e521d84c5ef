"""Show and change the settings of a place in a panel (`/settings`).

Its lists name what they are about, so that a panel works after a restart. It is made of components v2, and of plain
ones where Discord refuses those.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord
from discord import app_commands

from adapters.discord.api.limits import SELECT_OPTIONS
from adapters.discord.context import DiscordContext
from adapters.discord.events.command_options import short
from adapters.discord.events.dynamic_items import dynamic_item
from adapters.discord.events.requests import (
    NOT_OURS,
    Interaction,
    deferred,
    incoming_of,
    say,
    send_ephemeral,
    tell,
    tell_failure,
)
from adapters.discord.events.stale_modals import form_id
from bot.chat.reply_actions import UNDO
from bot.chat.settings_panel import (
    PanelRow,
    PanelScope,
    SettingsPanel,
    choices_of,
    own_values,
    scopes_at,
    stored_scope,
)
from bot.commands.ask import QUESTION_CHARACTERS
from bot.errors import BotError, InvalidInput
from bot.language import capitalised, gettext, gettext_noop, pgettext, pgettext_noop
from bot.parameters import PARAMETERS, Effective, Parameter
from bot.ports import Bot
from bot.types import Entrance, Incoming, Outcome

logger = logging.getLogger(__name__)

PANEL: Final = "/settings"
HELP: Final = gettext_noop("See and change the settings that apply here.")
TAKE_BACK: Final = "(take back)"
"""The value of a choice, as the panels that were sent hold it."""
FORM_SECONDS: Final = 15 * 60.0
VALUE_SHOWN: Final = 60

SCOPE_IDS: Final[Mapping[str, PanelScope]] = {
    "thread": "conversation",
    "channel": "channel",
    "workspace": "workspace",
}
"""The scopes as the lists name them, also in panels that were sent."""

SCOPE_LABELS: Final = {
    "thread": gettext_noop("for this thread"),
    "channel": gettext_noop("for this channel"),
    "workspace": gettext_noop("for the whole server"),
}
ORIGINS: Final = {
    "default": pgettext_noop("origin", "default"),
    "workspace": pgettext_noop("origin", "the whole server"),
    "channel": pgettext_noop("origin", "this channel"),
    "conversation": pgettext_noop("origin", "this thread"),
    "turn": pgettext_noop("origin", "this answer"),
}

TEMPLATE: Final = re.compile(
    r"seedling-settings:(?P<what>scope|parameter|value):(?P<scope>thread|channel|workspace):(?P<name>\w*)"
)
UNDO_TEMPLATE: Final = re.compile(r"seedling-settings:undo:(?P<scope>thread|channel|workspace):(?P<name>\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """State of a panel: the parameter that is chosen, what was done last, and the parameter that can be set back."""

    panel: SettingsPanel
    name: str = ""
    note: str = ""
    undone: str = ""

    @property
    def scope(self) -> str:
        """The scope that is changed, as the lists name it."""
        return id_of(self.panel.scope)


def id_of(scope: PanelScope) -> str:
    """Return a scope as the lists name it."""
    return next(id for id, named in SCOPE_IDS.items() if named == scope)


def usual_scope(incoming: Incoming) -> str:
    """Return the scope that commands speak of when none is named."""
    return "channel" if incoming.is_top_level else "thread"


# ---------------------------------------------------------------- what it shows


def panel_text(state: PanelState) -> str:
    """Every parameter with its value and origin."""
    lines = [_line(row) for row in state.panel.rows]
    head = gettext("**Settings** · changes apply {item}").format(item=gettext(SCOPE_LABELS[state.scope]))
    return "\n".join((head, *([state.note] if state.note else ()), "", *lines))


def _line(row: PanelRow) -> str:
    value = row.value.replace("`", "'")
    value = value if len(value) <= VALUE_SHOWN else f"{value[: VALUE_SHOWN - 1]}…"
    bold = "" if row.effective.origin == "default" else "**"
    origin = pgettext("origin", ORIGINS[row.effective.origin])
    who = "" if row.is_open else gettext(" · {holders} change it").format(holders=row.holders)
    return f"{bold}{row.parameter.name}{bold}: `{value}` · {origin}{who}"


def selects(state: PanelState) -> list[discord.ui.Select[Any]]:
    """Return the lists under the text: scope, parameter, and the values of a parameter that has few."""
    scope: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"seedling-settings:scope:{state.scope}:{state.name}",
        options=[
            discord.SelectOption(
                label=capitalised(gettext(SCOPE_LABELS[item])), value=item, default=item == state.scope
            )
            for item in map(id_of, state.panel.offered_scopes)
        ],
    )
    allowed = [row.parameter for row in state.panel.rows if row.is_open]
    lists = [allowed[start : start + SELECT_OPTIONS] for start in range(0, len(allowed), SELECT_OPTIONS)]
    parameters = [_parameters(state, listed, number) for number, listed in enumerate(lists)]
    return [scope, *parameters, *([_values(state)] if state.name in {item.name for item in allowed} else [])]


def _parameters(state: PanelState, listed: Sequence[Parameter], number: int) -> discord.ui.Select[Any]:
    """Return one list of parameters; its id has the first of them, since each list needs an id of its own."""
    return discord.ui.Select(
        custom_id=f"seedling-settings:parameter:{state.scope}:{listed[0].name if number else ''}",
        placeholder=gettext("Change another parameter") if number else gettext("Change a parameter"),
        options=[
            discord.SelectOption(
                label=item.name, value=item.name, description=short(gettext(item.help)), default=item.name == state.name
            )
            for item in listed
        ],
    )


def _values(state: PanelState) -> discord.ui.Select[Any]:
    row = state.panel.row(state.name)
    options = [discord.SelectOption(label=value, value=value, default=value == row.value) for value in row.choices]
    options.append(
        discord.SelectOption(
            label="(remove)",
            value=TAKE_BACK,
            description=gettext("So that the channel's, the workspace's or the default applies."),
        )
    )
    return discord.ui.Select(
        custom_id=f"seedling-settings:value:{state.scope}:{state.name}", placeholder=state.name, options=options
    )


def undo_button(state: PanelState) -> discord.ui.Button[Any]:
    """Return the button that takes back what was done last."""
    return discord.ui.Button(label=gettext(UNDO), custom_id=f"seedling-settings:undo:{state.scope}:{state.undone}")


def layout(state: PanelState) -> discord.ui.LayoutView:
    """Return the panel of components v2; it is not waited for, since its lists name what they are about."""
    view = discord.ui.LayoutView(timeout=None)
    container: discord.ui.Container[Any] = discord.ui.Container(discord.ui.TextDisplay(panel_text(state)))
    container.add_item(discord.ui.Separator())
    for select in selects(state):
        container.add_item(discord.ui.ActionRow(select))
    if state.undone:
        container.add_item(discord.ui.ActionRow(undo_button(state)))
    view.add_item(container)
    view.stop()
    return view


def plain(state: PanelState) -> discord.ui.View:
    """Return the same lists for a message with plain text."""
    view = discord.ui.View(timeout=None)
    for select in selects(state):
        view.add_item(select)
    if state.undone:
        view.add_item(undo_button(state))
    view.stop()
    return view


# ---------------------------------------------------------------- what it does


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """A new value of a parameter, None to take it back; `expected` is what a form showed of it."""

    name: str
    value: str | None
    expected: Mapping[str, str | None] | None = None


class PanelHandler:
    """Shows panels and carries out what is chosen in them."""

    def __init__(self, bot: Bot, context: DiscordContext) -> None:
        self._bot = bot
        self.context = context

    def command(self) -> app_commands.Command[Any, ..., Any]:
        """Return the command that opens a panel for who asks alone."""

        async def settings(interaction: Interaction) -> None:
            incoming = incoming_of(interaction, PANEL, private=True)
            answered = await deferred(self._bot, interaction, incoming)
            if answered is None:
                return
            if refusal := await self._bot.refuse(incoming):
                await say(self.context, answered, refusal.text)
            else:
                await self._show(interaction, incoming, scope=usual_scope(incoming))
            await self._bot.mark_answered(incoming)

        return app_commands.Command(name="settings", description=HELP, callback=settings)

    def join(self, client: discord.Client) -> None:
        """Let the client bring every choice in a panel here."""

        async def chosen(interaction: Interaction, match: re.Match[str], item: Any) -> None:
            await self.used(interaction, self.chosen(interaction, match, item.values[0]))

        async def undo(interaction: Interaction, match: re.Match[str], _: Any) -> None:
            await self.used(interaction, self.undo(interaction, match["scope"], match["name"]))

        client.add_dynamic_items(dynamic_item(TEMPLATE, chosen), dynamic_item(UNDO_TEMPLATE, undo))

    async def used(self, interaction: Interaction, doing: Awaitable[None]) -> None:
        """Do what somebody wants by a control of a panel; what goes wrong is told to them."""
        try:
            await doing
        except discord.HTTPException as error:
            if error.code in NOT_OURS:
                logger.info("interaction already answered or expired", extra={"code": error.code})
                return
            await _failed(interaction, error)
        except BotError as error:
            await _failed(interaction, error)

    async def undo(self, interaction: Interaction, scope: str, name: str) -> None:
        """Take back what was done last, as the command does, and show the panel anew. Raises `StorageError`."""
        asked = replace(incoming_of(interaction, f"/undo {name}", private=True), entrance=Entrance.COMMAND)
        await interaction.response.defer()
        try:
            note = (await self._bot.handle(asked)).text
        except InvalidInput as error:
            note = str(error)
        await self._show(interaction, asked, scope=scope, name=name, note=note)
        await self._bot.mark_answered(asked)

    async def chosen(self, interaction: Interaction, match: re.Match[str], value: str) -> None:
        """Carry out what was chosen in a list. Raises `StorageError`."""
        incoming, scope, name = incoming_of(interaction, PANEL, private=True), match["scope"], match["name"]
        if refusal := await self._bot.refuse(incoming):
            if refusal.text:
                await send_ephemeral(interaction, refusal.text)
            await self._bot.mark_answered(incoming)
        elif match["what"] == "value":
            change = ValueChange(name=name, value=None if value == TAKE_BACK else value)
            await self.change(interaction, incoming, scope, change)
        elif match["what"] == "parameter" and not choices_of(PARAMETERS[value]):
            current = (await self._bot.get_parameters(incoming.key))[value]
            own = await own_values(self._bot, incoming.key, SCOPE_IDS[scope])
            await interaction.response.send_modal(ValueForm(self, incoming, scope, current, own.get(value)))
        else:
            await interaction.response.defer()
            scope, name = (value, name) if match["what"] == "scope" else (scope, value)
            await self._show(interaction, incoming, scope=scope, name=name)

    async def change(self, interaction: Interaction, incoming: Incoming, scope: str, change: ValueChange) -> None:
        """Set or take back a value, and show the panel as it is then, or say why not. Raises `StorageError`."""
        name, value = change.name, change.value
        at, expected = stored_scope(incoming.key, SCOPE_IDS[scope]), change.expected
        changing = self._bot.set_parameters(at, {name: value}, asked=incoming, expected=expected)
        handled = await tell(self._bot, interaction, incoming, changing)
        if handled is None or handled.outcome is Outcome.DUPLICATE:
            return
        done, undone = gettext("removed") if value is None else gettext("set"), name if handled.undo else ""
        note = gettext("**{name}** is {done}.").format(name=name, done=done)
        await self._show(interaction, incoming, scope=scope, name=name, note=note, undone=undone)

    async def _show(
        self,
        interaction: Interaction,
        incoming: Incoming,
        *,
        scope: str,
        name: str = "",
        note: str = "",
        undone: str = "",
    ) -> None:
        panel = SettingsPanel(
            scope=SCOPE_IDS[scope],
            scopes=scopes_at(has_channel=True, has_thread=not incoming.is_top_level),
            effective=await self._bot.get_parameters(incoming.key),
            permissions=await self._bot.permissions(incoming),
        )
        chosen = name if name and panel.row(name).choices else ""
        state = PanelState(panel=panel, name=chosen, note=note, undone=undone)
        if interaction.message is not None and not interaction.message.flags.components_v2:
            await interaction.edit_original_response(content=panel_text(state), view=plain(state))
            return
        try:
            await interaction.edit_original_response(view=layout(state))
        except discord.HTTPException as error:
            if error.status != 400 or interaction.message is not None:
                raise
            logger.info("settings panel sent without components v2", extra={"code": error.code})
            await interaction.edit_original_response(content=panel_text(state), view=plain(state))


async def _failed(interaction: Interaction, error: Exception) -> None:
    logger.warning("setting not changed", extra={"error": f"{type(error).__name__}: {error}"})
    await tell_failure(interaction, error)


class ValueForm(discord.ui.Modal):
    """A form for a number or a text."""

    def __init__(
        self, panel: PanelHandler, incoming: Incoming, scope: str, current: Effective, own: str | None
    ) -> None:
        parameter = current.parameter
        title = f"{parameter.name} {gettext(SCOPE_LABELS[scope])}"[:45]
        super().__init__(title=title, timeout=FORM_SECONDS, custom_id=form_id(panel.context))
        self._panel = panel
        self._incoming = incoming
        self._scope = scope
        self._name = parameter.name
        self._own = own  # what is set at the very scope while the form is open
        default = None if current.value is None else parameter.format(current.value)[:QUESTION_CHARACTERS]
        self._field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph if parameter.kind == "text" else discord.TextStyle.short,
            default=default,
            required=False,
            max_length=QUESTION_CHARACTERS,
            custom_id="value",
        )
        help_text = short(gettext("{allowed}; leave it empty to remove it").format(allowed=parameter.allowed))
        self.add_item(discord.ui.Label(text=gettext("Value"), description=help_text, component=self._field))

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Set what was typed, or take the value back."""
        value = str(self._field.value).strip()
        try:
            incoming = replace(incoming_of(interaction, PANEL, private=True), key=self._incoming.key)
            change = ValueChange(name=self._name, value=value or None, expected={self._name: self._own})
            await self._panel.change(interaction, incoming, self._scope, change)
        except (BotError, discord.HTTPException) as error:
            await _failed(interaction, error)
