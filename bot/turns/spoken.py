"""Speak to whoever does something in their language, in all that is told because of it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from bot.language import speaking
from bot.parameter_resolver import known_language, language_of
from bot.ports import SettingStore
from bot.types import Incoming

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
