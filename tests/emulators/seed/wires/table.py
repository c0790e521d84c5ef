"""The wires by the path of their endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.emulators.seed.completion import Completion
from tests.emulators.seed.errors import ApiError, anthropic_envelope, openai_envelope
from tests.emulators.seed.limits import Style
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask
from tests.emulators.seed.validation import Body
from tests.emulators.seed.wires import chat, messages, response_events, responses
from tests.emulators.seed.wires.frames import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """Wire of one endpoint: its readers and writers; `error_event` names an error in its stream."""

    read: Callable[[Body, Options], Ask]
    whole: Callable[[Completion, Ask, Options], dict[str, Any]]
    frames: Callable[[Completion, Ask, Options], Iterator[Frame]]
    envelope: Callable[[ApiError, str], dict[str, Any]] = openai_envelope
    error_event: str = "error"
    limit_headers: Style = "openai"


WIRES: Mapping[str, Wire] = {
    "/v1/chat/completions": Wire(read=chat.read, whole=chat.whole, frames=chat.frames, error_event=""),
    "/v1/responses": Wire(read=responses.read, whole=responses.whole, frames=response_events.frames),
    "/v1/messages": Wire(
        read=messages.read,
        whole=messages.whole,
        frames=messages.frames,
        envelope=anthropic_envelope,
        limit_headers="anthropic",
    ),
}
