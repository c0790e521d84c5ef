"""Model of a settings panel: what it shows of each parameter, and what a change comes to. Platforms only draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from bot.access.roles import HOLDERS, Permissions, Role
from bot.errors import InvalidInput
from bot.language import gettext
from bot.parameter_resolver import scopes_of
from bot.parameters import Effective, Parameter, Scope
from bot.ports import Bot
from bot.types import ConversationKey

PanelScope = Literal["workspace", "channel", "conversation"]
SCOPES: Final[tuple[PanelScope, ...]] = ("workspace", "channel", "conversation")
"""The scopes at which people set something, the widest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelRow:
    """A parameter as a panel shows it: `value` is in force, `own` is set at the panel's very scope ("" for nothing).

    `is_open` says that whoever looks at it may change it, `holders` who may.
    """

    effective: Effective
    own: str
    is_open: bool
    holders: str

    @property
    def parameter(self) -> Parameter:
        """The parameter itself."""
        return self.effective.parameter

    @property
    def value(self) -> str:
        """Return the value in force, on one line."""
        return " ".join(self.parameter.format(self.effective.value).split())

    @property
    def choices(self) -> Sequence[str]:
        """Return the values that it is chosen from; none for what is typed."""
        return choices_of(self.parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPanel:
    """The settings of a place as one person sees them, to be changed at one `scope` of those that the place has."""

    scope: PanelScope
    scopes: Sequence[PanelScope]
    effective: Mapping[str, Effective]
    permissions: Permissions
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def offered_scopes(self) -> Sequence[PanelScope]:
        """Return the scopes that this person may change, the narrowest first."""
        return [scope for scope in reversed(self.scopes) if scope != "workspace" or self._is_administrators]

    @property
    def is_open(self) -> bool:
        """Return whether this person may change anything at the scope."""
        return self.scope in self.offered_scopes

    @property
    def _is_administrators(self) -> bool:
        return self.permissions.role is Role.ADMINISTRATOR

    @property
    def rows(self) -> Sequence[PanelRow]:
        """Return every parameter, in the order of their table."""
        return [self.row(name) for name in self.effective]

    def row(self, name: str) -> PanelRow:
        """Return one parameter."""
        effective = self.effective[name]
        needed = self.permissions.needs(name, effective.parameter.roles, self.scope)
        return PanelRow(
            effective=effective,
            own=self.own.get(name, ""),
            is_open=self.permissions.role >= needed,
            holders=gettext(HOLDERS[needed]),
        )

    def changes(self, given: Mapping[str, str]) -> tuple[Mapping[str, str | None], Mapping[str, str]]:
        """Return what the given texts change, by name, and what is wrong with the others, by name.

        None takes back what is set, as "" does; texts of parameters that this person may not change are left out.
        """
        changes: dict[str, str | None] = {}
        errors: dict[str, str] = {}
        for row in self.rows:
            name, text = row.parameter.name, given.get(row.parameter.name)
            if text is None or text == row.own or not row.is_open:
                continue
            try:
                changes[name] = row.parameter.format(row.parameter.parse(text)) if text else None
            except InvalidInput as error:
                errors[name] = str(error)
        return changes, errors

    def expected(self, changes: Mapping[str, str | None]) -> Mapping[str, str | None]:
        """Return what this panel shows of what is changed: where it is something else by then, nothing is saved."""
        return {name: self.own.get(name) or None for name in changes}


def scopes_at(*, has_channel: bool, has_thread: bool) -> tuple[PanelScope, ...]:
    """Return the scopes that a place has, the widest first."""
    return SCOPES[: 1 + has_channel + (has_channel and has_thread)]


def choices_of(parameter: Parameter) -> Sequence[str]:
    """Return the values that a parameter is chosen from; none for what is typed."""
    return ("yes", "no") if parameter.kind == "boolean" else parameter.choices


def stored_scope(key: ConversationKey, scope: PanelScope) -> Scope:
    """Return under what the settings of a scope are stored."""
    return scopes_of(key)[SCOPES.index(scope)]


async def own_values(bot: Bot, key: ConversationKey, scope: PanelScope) -> Mapping[str, str]:
    """Return what is set at the very scope, as text by name. Raises `StorageError`."""
    if scope != "conversation":
        key = replace(key, thread="", channel="" if scope == "workspace" else key.channel)
    effective = await bot.get_parameters(key)
    return {name: item.parameter.format(item.value) for name, item in effective.items() if item.origin == scope}
