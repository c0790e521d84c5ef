"""Resolve parameters: a value comes from the narrowest scope at which it is set, and so does the language of people."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from bot.access.roles import ScopeKind
from bot.errors import InvalidValue
from bot.language import speaking, supported
from bot.parameters import PARAMETERS, Effective, Scope, find
from bot.ports import SettingStore
from bot.types import EMPTY, LOCALE, ConversationKey, Incoming, ParameterValue


def scopes_of(key: ConversationKey) -> tuple[Scope, ...]:
    """Return the scopes at which values for a conversation can be stored, the widest first."""
    workspace = key.workspace_key
    channel = f"{workspace}/{key.channel}"
    return (
        Scope(kind="workspace", key=workspace),
        Scope(kind="channel", key=channel),
        Scope(kind="conversation", key=str(key)),
    )


def resolve(layers: Sequence[tuple[ScopeKind, Mapping[str, str]]]) -> Mapping[str, Effective]:
    """Return every parameter's value in force: later layers win; text that no longer parses is passed over."""
    effective = {
        name: Effective(parameter=parameter, value=parameter.default, origin="default")
        for name, parameter in PARAMETERS.items()
    }
    for origin, values in layers:
        for name, text in values.items():
            parameter = PARAMETERS.get(name)
            if parameter is None or (origin == "turn" and not parameter.is_for_turns):
                continue
            try:
                value = parameter.parse(text)
            except InvalidValue:
                continue
            effective[name] = Effective(parameter=parameter, value=value, origin=origin)
    return effective


def with_overrides(effective: Mapping[str, Effective], overrides: Mapping[str, str]) -> Mapping[str, Effective]:
    """Return parameters in force with those on top that were given for one turn."""
    own = resolve([("turn", overrides)])
    return {name: own[name] if own[name].origin == "turn" else item for name, item in effective.items()}


def values_of(effective: Mapping[str, Effective]) -> Mapping[str, ParameterValue]:
    """Return the values alone, unset ones absent."""
    return {name: item.value for name, item in effective.items() if item.value is not None}


async def effective_at(
    key: ConversationKey,
    settings: SettingStore,
    *,
    overrides: Mapping[str, str] = EMPTY,
    without: tuple[Scope, str] | None = None,
) -> Mapping[str, Effective]:
    """Return every parameter as it holds in a conversation, with `overrides` for one turn on top.

    `without` leaves out the value of one parameter at one scope.
    """
    scopes = scopes_of(key)
    stored = {scope: dict(values) for scope, values in (await settings.get_settings(scopes)).items()}
    if without is not None:
        scope, name = without
        stored.get(scope, {}).pop(name, None)
    layers = [(scope.kind, stored.get(scope, {})) for scope in scopes]
    return resolve([*layers, ("turn", overrides)])


async def effective_parameters(incoming: Incoming, settings: SettingStore) -> Mapping[str, Effective]:
    """Return every parameter as it holds for `incoming`, this turn's own values included."""
    return await effective_at(incoming.key, settings, overrides=incoming.overrides)


def canonical(name: str, text: str | None) -> tuple[str, str | None]:
    """Return a parameter's own name and its value as canonical text, None to take it back. Raises `InvalidValue`."""
    parameter = find(name)
    value = None if text is None else parameter.parse(text)
    return parameter.name, None if value is None else parameter.format(value)


# ------------------------------------------------------------ the language of who asks


def known_language(asked: Incoming) -> str:
    """Return the language of who asks, as far as their platform tells it and we speak it; "" else."""
    return supported(asked.platform_data.get(LOCALE, ""))


async def language_of(asked: Incoming, settings: SettingStore) -> str:
    """Return the language in which who asks is spoken to: their own, else as is set where they ask."""
    if known := known_language(asked):
        return known
    return str(values_of(await effective_parameters(asked, settings))["language"])


P = ParamSpec("P")
R = TypeVar("R")


class HasStore(Protocol):
    """Something that knows what is set."""

    _store: Any


S = TypeVar("S", bound=HasStore)
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def spoken(method: Method[S, P, R]) -> Method[S, P, R]:
    """Let a method speak to the author of the first incoming among its arguments.

    Of talk that is not meant for the bot nothing is looked up: who writes it is told nothing.
    """

    @wraps(method)
    async def speak(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        asked = next(item for item in (*args, *kwargs.values()) if isinstance(item, Incoming))
        with speaking(await _language(asked, self._store)):
            return await method(self, *args, **kwargs)

    return speak


async def _language(asked: Incoming, settings: SettingStore) -> str:
    return await language_of(asked, settings) if asked.is_directed else known_language(asked)
