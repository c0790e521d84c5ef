"""What a handler of the REST interface gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.emulators.discord.core import Core
from tests.emulators.discord.posting import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that is in order: path and query by name, the JSON body (None without one), uploaded files."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    files: Sequence[File] = ()

    def id(self, name: str) -> int:
        """A path parameter that is an id."""
        return int(self.path[name])

    def flag(self, name: str) -> bool:
        """A query parameter that is yes or no."""
        return self.query.get(name, "") in {"1", "true", "True"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; a `body` of None has no content."""

    status: int = 200
    body: Any = None


NO_CONTENT = Reply(status=204)

Handler = Callable[[Core, Call], Reply]
Routes = Mapping[tuple[str, str], Handler]
