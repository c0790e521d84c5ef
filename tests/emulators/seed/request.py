"""A request in the emulator's own words, the same for the three wires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

WireName = Literal["chat", "responses", "messages"]
PartKind = Literal["text", "image", "video", "document", "audio"]
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The model's parameters with the defaults of its product page."""

    max_tokens: int = 4_096
    stop: tuple[str, ...] = ()
    enable_thinking: bool = True
    reasoning_effort: str = "medium"
    enable_web_search: bool = False
    enable_caching: bool = False
    image_detail: str = "high"
    video_fps: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a message: text, or media with its token count, digest of its bytes and description in words."""

    kind: PartKind
    text: str = ""
    tokens: int = 0
    digest: str = ""
    facts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the conversation."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The text parts together, one per line."""
        return "\n".join(part.text for part in self.parts if part.kind == "text")

    @property
    def media(self) -> tuple[Part, ...]:
        """The parts that are not text."""
        return tuple(part for part in self.parts if part.kind != "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A valid request.

    `named` are the model's parameters that the body carried; `unknown` are fields that the API does not document
    and passes over. `json_answer` asks for a JSON object, `include_usage` for the usage chunk of a chat stream,
    `every_chunk_usage` for usage on each chunk; `store` and `previous_id` belong to responses.
    """

    wire: WireName
    model: str
    messages: tuple[Message, ...]
    settings: Settings = field(default_factory=Settings)
    stream: bool = False
    include_usage: bool = False
    every_chunk_usage: bool = False
    json_answer: bool = False
    store: bool = False
    previous_id: str = ""
    named: Mapping[str, object] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def has_system(self) -> bool:
        """Whether a system message is there; without one the gateway puts its own before the conversation."""
        return any(message.role == "system" for message in self.messages)

    @property
    def question(self) -> Message:
        """The last message of the user, or the last of any when the user has said nothing."""
        users = [message for message in self.messages if message.role == "user"]
        return users[-1] if users else self.messages[-1]
