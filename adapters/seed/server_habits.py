"""Keep what a server showed of itself: fields that it calls otherwise or does not know, and how it reasons. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.seed.api_errors import Problem
from adapters.seed.overflow_errors import TEXT_CHARACTERS

OPTIONAL_FIELDS = frozenset({"stream_options", "store", "anthropic_version"})
"""Fields of a body, beside the parameters, that a request can do without."""

_NAME = r"[`'\"]?(\w{2,40})[`'\"]?"
_OTHER_NAME = re.compile(
    rf"{_NAME}[^`'\"]{{0,80}}(?:not supported|unsupported|deprecated).{{0,120}}?\buse {_NAME}", re.IGNORECASE
)
_UNKNOWN = re.compile(
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|not (supported|permitted|allowed|known|accept)|no such|extra|"
    r"does(n't| not) (support|accept|allow|take)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHabits:
    """Differences of bodies for one server from those of its protocol.

    `names` are what it calls fields, `left_out` the fields and parameters that it does not know, `opens_reasoning`
    says that its answers may begin in the middle of reasoning.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    opens_reasoning: bool = False

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body as this server takes it, its fields in the same order."""
        if not self.names and not self.left_out:
            return body
        return {self.names.get(name, name): value for name, value in body.items() if name not in self.left_out}

    def after(self, problem: Problem, fields: Collection[str]) -> ServerHabits:
        """Return what a refusal adds for a body with these `fields`; the same habits where it is about none of them."""
        complaint = f"{problem.param} {problem.detail[:TEXT_CHARACTERS]}"
        for match in _OTHER_NAME.finditer(complaint):
            old, new = match.groups()
            if old in fields and new not in fields:
                return replace(self, names={**self.names, old: new})
        unknown = {name for name in OPTIONAL_FIELDS & set(fields) if re.search(rf"\b{name}\b", complaint)}
        return replace(self, left_out=self.left_out | unknown)


PLAIN_HABITS = ServerHabits()


def is_unknown(problem: Problem) -> bool:
    """Return whether a refusal means a field whatever its value, so that it need not be tried again."""
    return bool(_UNKNOWN.search(f"{problem.code} {problem.detail[:TEXT_CHARACTERS]}"))
