"""Argument that names a scope, and the scope that is meant where none is named."""

from __future__ import annotations

from typing import Final

from bot.commands.arguments import Arg
from bot.commands.command import Call
from bot.errors import InvalidInput
from bot.parameter_resolver import scopes_of
from bot.parameters import PARAMETERS, Parameter, Scope

SCOPES: Final = ("workspace", "channel", "thread")
"""From the widest to the narrowest, as `scopes_of` has them."""

SCOPE: Final = Arg(
    name="where",
    kind="choice",
    choices=SCOPES,
    synonyms={"conversation": "thread", "here": "thread"},
    help="Where it applies: this thread, the channel or the whole workspace.",
)
PARAMETER: Final = Arg(name="parameter", kind="parameter", required=True, help="Which parameter.")

NOT_A_MEMBER: Final = (
    "I am not a member here, so nothing can be set: it would hold for everybody once I am invited. "
    "Parameters that you give with `/ask` hold for that answer."
)
ONLY_ADMINISTRATORS: Final = (
    "Only administrators can change settings of the whole workspace. Add `channel` or `thread` to set it there."
)


def scope_to_change(call: Call) -> Scope:
    """Return the scope that a command speaks of; outside threads that is the channel.

    Raises `InvalidInput` where there is no such scope, or where its author may not change it.
    """
    incoming = call.incoming
    word = call.values.get(SCOPE.name) or ("channel" if incoming.is_top_level else "thread")
    if word == "thread" and incoming.is_top_level:
        raise InvalidInput("There is no thread here yet. Use this inside a thread, or add `channel`.")
    call.require(word, ONLY_ADMINISTRATORS)
    return scopes_of(incoming.key)[SCOPES.index(word)]


def parameter_to_change(call: Call) -> Parameter:
    """Return the parameter that a command names. Raises `InvalidInput` for one that only administrators change."""
    parameter = PARAMETERS[call.values[PARAMETER.name]]
    if parameter.guarded and not call.incoming.is_admin:
        raise InvalidInput(f"Only administrators change {parameter.name}.")
    return parameter
