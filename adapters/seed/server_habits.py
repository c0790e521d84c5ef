"""Keep what a server showed of itself: fields that it calls otherwise or does not know, and how it reasons. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adapters.seed.api_errors import Problem
from adapters.seed.overflow_errors import TEXT_CHARACTERS

OPTIONAL_FIELDS = frozenset({"stream_options", "store", "anthropic_version"})
"""Fields of a body, beside the parameters, that a request can do without."""

RESPONSES_PARTS = frozenset({"input_text", "input_image", "input_video", "input_file"})
"""Parts of a message in the protocol of that name, where even words are called otherwise."""

_NAME = r"[`'\"]?(\w{2,40})[`'\"]?"
_OTHER_NAME = re.compile(
    rf"{_NAME}[^`'\"]{{0,80}}(?:not supported|unsupported|deprecated).{{0,120}}?\buse {_NAME}", re.IGNORECASE
)
_UNKNOWN = re.compile(
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|not (supported|permitted|allowed|known|accept)|no such|extra|"
    r"does(n't| not) (support|accept|allow|take)",
    re.IGNORECASE,
)


_STRICT_ROLES = re.compile(
    r"roles must alternate|system role (?:is )?not supported|does not support '?system'?"
    r"|system messages? (?:is|are) not (?:supported|allowed)",
    re.IGNORECASE,
)
"""Templates that know nothing but turns of a user and an assistant: Gemma's and Mistral's, in vLLM and llama.cpp."""

_NO_STREAMS = re.compile(
    r"verified to stream|stream(?:ing)? (?:is )?not (?:supported|allowed|available)|(?:not|n't) support stream",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHabits:
    """Differences of bodies for one server from those of its protocol.

    `names` are what it calls fields, `left_out` the fields and parameters that it does not know, `opens_reasoning`
    says that its answers may begin in the middle of reasoning, `alternates` that it takes nothing but a message of a
    user and one of the assistant in turn.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    opens_reasoning: bool = False
    alternates: bool = False

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body as this server takes it, its fields in the same order."""
        if not (self.names or self.left_out or self.alternates):
            return body
        kept = {self.names.get(name, name): value for name, value in body.items() if name not in self.left_out}
        if self.alternates:
            kept |= {name: _alternating(kept[name]) for name in ("messages", "input") if name in kept}
        return kept

    def after(self, problem: Problem, fields: Collection[str]) -> ServerHabits:
        """Return what a refusal adds for a body with these `fields`; the same habits where it is about none of them."""
        complaint = f"{problem.param} {problem.detail[:TEXT_CHARACTERS]}"
        if _STRICT_ROLES.search(complaint):
            return replace(self, alternates=True)
        if _NO_STREAMS.search(complaint):
            return replace(self, left_out=self.left_out | {"stream", "stream_options"})
        for match in _OTHER_NAME.finditer(complaint):
            old, new = match.groups()
            if old in fields and new not in fields:
                return replace(self, names={**self.names, old: new})
        unknown = {name for name in OPTIONAL_FIELDS & set(fields) if re.search(rf"\b{name}\b", complaint)}
        return replace(self, left_out=self.left_out | unknown)


def _alternating(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return messages of a user and the assistant in turn: what the system says begins the first of a user."""
    found: list[dict[str, Any]] = []
    for message in messages:
        said = {**message, "role": "assistant" if message["role"] == "assistant" else "user"}
        if found and found[-1]["role"] == said["role"]:
            said["content"] = _joined(found.pop()["content"], said["content"])
        found.append(said)
    return found


def _joined(first: Any, second: Any) -> Any:
    """Return two contents as one: words below words, or the parts of both."""
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    parts = [*_parts(first), *_parts(second)]
    kind = "input_text" if any(part["type"] in RESPONSES_PARTS for part in parts) else "text"
    return [{"type": kind, "text": part["text"]} if part["type"] == "words" else part for part in parts]


def _parts(content: Any) -> list[Any]:
    return [{"type": "words", "text": content}] if isinstance(content, str) else content


PLAIN_HABITS = ServerHabits()


def is_unknown(problem: Problem) -> bool:
    """Return whether a refusal means a field whatever its value, so that it need not be tried again."""
    return bool(_UNKNOWN.search(f"{problem.code} {problem.detail[:TEXT_CHARACTERS]}"))
