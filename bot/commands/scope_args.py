"""Argument that names a scope, and the scope that is meant where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.access.roles import HOLDERS, Permissions, ScopeKind
from bot.commands.arguments import Arg
from bot.commands.command import Call
from bot.commands.parameter_text import place_text
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.parameter_resolver import canonical, scopes_of
from bot.parameters import GUARDED, PARAMETERS, Parameter, Scope, find
from bot.types import Incoming

SCOPES: Final = ("workspace", "channel", "thread")
"""From the widest to the narrowest, as `scopes_of` has them."""

SCOPE: Final = Arg(
    name="where",
    kind="choice",
    choices=SCOPES,
    synonyms={"conversation": "thread", "here": "thread"},
    help=gettext_noop("Where it applies: this thread, the channel or the whole workspace."),
)
PARAMETER: Final = Arg(name="parameter", kind="parameter", required=True, help=gettext_noop("Which parameter."))

NOT_A_MEMBER: Final = gettext_noop(
    "I am not a member here, so nothing can be set: it would hold for everybody once I am invited. "
    "Parameters that you give with `/ask` hold for that answer."
)
ELSEWHERE: Final[Mapping[ScopeKind, str]] = {
    "workspace": gettext_noop("Add `channel` or `thread` to set it there."),
    "channel": gettext_noop("An administrator can change that with `/access setting {name} everyone`."),
    "conversation": gettext_noop("An administrator can change that with `/access setting {name} everyone`."),
}
"""What those who may not set something can do instead, by scope."""


def scope_to_change(call: Call) -> Scope:
    """Return the scope that a command speaks of; outside threads that is the channel.

    Raises `InvalidInput` where there is no such scope.
    """
    incoming = call.incoming
    word = call.values.get(SCOPE.name) or ("channel" if incoming.is_top_level else "thread")
    if word == "thread" and incoming.is_top_level:
        raise InvalidInput(gettext("There is no thread here yet. Use this inside a thread, or add `channel`."))
    return scopes_of(incoming.key)[SCOPES.index(word)]


def parameter_to_change(call: Call, scope: Scope) -> Parameter:
    """Return the parameter that a command names. Raises `InvalidInput` where its author may not set it."""
    parameter = PARAMETERS[call.values[PARAMETER.name]]
    check_may_set(parameter, scope, call.permissions)
    return parameter


def check_may_set(parameter: Parameter, scope: Scope, permissions: Permissions) -> None:
    """Raise `InvalidInput`, with who may and how that is changed, for those who may not set a parameter at a scope."""
    if permissions.allow(parameter.name, parameter.roles, scope.kind):
        return
    holders = gettext(HOLDERS[permissions.needs(parameter.name, parameter.roles, scope.kind)])
    instead = ELSEWHERE[scope.kind].format(name=parameter.name)
    if parameter.roles is GUARDED and scope.kind == "workspace":
        instead = ""
    raise InvalidInput(
        gettext("Only {holders} can set {name} for {place_text}. {instead}")
        .format(holders=holders, name=parameter.name, place_text=place_text(scope), instead=instead)
        .rstrip()
    )


def values_to_set(
    values: Mapping[str, str | None], scope: Scope, asked: Incoming, permissions: Permissions
) -> Mapping[str, str | None]:
    """Return what somebody wants to set at a scope in the form that is stored.

    Raises `InvalidInput` for what is none, and where its author may not set it or the bot is no member.
    """
    if not asked.bot_is_member:
        raise InvalidInput(gettext(NOT_A_MEMBER))
    for name in values:
        check_may_set(find(name), scope, permissions)
    return dict(canonical(name, text) for name, text in values.items())
