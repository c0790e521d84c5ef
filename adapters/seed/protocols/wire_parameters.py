"""Write the model's ten parameters into a request, the same in every protocol but for two names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot.parameters import PARAMETERS, WIRE_PARAMETERS
from bot.types import ModelRequest, ParameterValue

WireName = Literal["chat", "responses", "messages"]
Dialect = Literal["gateway", "ark", "plain"]
"""How a server wants the parameters: as the gateway to Seed calls them, as ModelArk itself does, or only those that any
server of the protocol knows.
"""

PLACEHOLDER = "(empty)"  # null, empty and blank content is answered with a 400
DEFAULT_SYSTEM_MESSAGE = "You are a helpful assistant."  # without a system message the gateway puts in its own

_SEED_NAMES: Mapping[WireName, Mapping[str, str]] = {
    "chat": {},
    "responses": {"max_tokens": "max_output_tokens"},
    "messages": {},
}
"""Where Seed takes a parameter under another name than its own."""

_NOT_ON_ARK = frozenset({"enable_web_search", "enable_caching"})
"""Abilities of the gateway; ModelArk caches by itself, and searches only as a tool of Responses in China."""

OPTIONAL_PARAMETERS = tuple(name for name in WIRE_PARAMETERS if name != "max_tokens")
"""What a request can do without when a server refuses it."""


def system_message_of(request: ModelRequest) -> str:
    """Return the system message, which is always sent."""
    return request.system_prompt if request.system_prompt.strip() else DEFAULT_SYSTEM_MESSAGE


def wire_parameters(parameters: Mapping[str, ParameterValue], dialect: Dialect, protocol: WireName) -> dict[str, Any]:
    """Return the fields to send, in the table's order; what is not in `parameters` is left to the server's defaults.

    Thinking that is off together with an effort is a 400 upstream, so the effort is then left out.
    """
    given = {name: parameters[name] for name in WIRE_PARAMETERS if name in parameters}
    if given.get("enable_thinking") is False:
        given.pop("reasoning_effort", None)
    if dialect == "gateway":
        return {_SEED_NAMES[protocol].get(name, name): _seed_value(value) for name, value in given.items()}
    if dialect == "ark":
        return dict(_ark_field(name, value, protocol) for name, value in given.items() if name not in _NOT_ON_ARK)
    names = {name: PARAMETERS[name].standard.get(protocol) for name in given}
    return {known: _plain_value(given[name]) for name, known in names.items() if known is not None}


def _ark_field(name: str, value: ParameterValue, protocol: WireName) -> tuple[str, Any]:
    if name == "enable_thinking":
        return "thinking", {"type": "enabled" if value else "disabled"}
    return _SEED_NAMES[protocol].get(name, name), _plain_value(value)


def _seed_value(value: ParameterValue) -> ParameterValue:
    return ",".join(value) if isinstance(value, tuple) else value


def _plain_value(value: ParameterValue) -> ParameterValue | list[str]:
    return list(value) if isinstance(value, tuple) else value
