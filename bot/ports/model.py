"""Ports for the model, its prices, and the files prepared for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.pricing import RateCard
from bot.types import (
    Attachment,
    FileTerms,
    Media,
    MessageRef,
    ModelEvent,
    ModelRequest,
    Observation,
    ReadFile,
    Transcription,
    UnreadableFile,
)


class Clock(Protocol):
    """Tells the time: aware, in UTC."""

    def __call__(self) -> datetime: ...


class Model(Protocol):
    """A language model that answers as a stream."""

    @property
    def name(self) -> str:
        """The model's name, as people see it under an answer."""
        ...

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Yield the answer as it comes; the last value is `Finished`, and `UsageReported` stands before it.

        Closing the generator closes the connection at once. Raises `ModelUnavailable`, `ModelRejected` or
        one of its kinds before any text, and `StreamCut` when the stream ends without having finished.
        """
        ...


class Rates(Protocol):
    """The prices in force."""

    def card(self) -> RateCard:
        """Return the last good rate card; never raises, never waits."""
        ...

    def observe(self, seen: Observation) -> None:
        """Take in what an answered request tells of prices and the cache; never raises, never waits."""
        ...


@runtime_checkable
class FileSource(Protocol):
    """Source of the bytes of attachments: the platform that named them, where it gives out files."""

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:
        """Return the whole file; reads at most `limit` bytes, whatever size was stated.

        `of` is the message that it is attached to: addresses expire, and that has the present one. Raises
        `FileTooLarge` when it has more, `FileGone` when it was deleted, and `PlatformError` when it cannot be had.
        """
        ...


class SoundReader(Protocol):
    """Hears sound, or has it heard."""

    async def takes_sound(self) -> bool:
        """Return whether the model itself can be sent sound; never raises."""
        ...

    @property
    def transcriber(self) -> str:
        """Return the name of the model that transcribes."""
        ...

    async def transcribe(self, sound: Media) -> Transcription | None:
        """Return what is said in a sound, None where nobody was asked or the server refused, so that nothing is billed;
        never raises.
        """
        ...


class MediaReader(Protocol):
    """Makes files ready for the model."""

    @property
    def file_bytes(self) -> int:
        """The most bytes that a file worth fetching may have."""
        ...

    async def read(self, name: str, data: bytes, terms: FileTerms, *, owner: str = "") -> ReadFile | UnreadableFile:
        """Return the file as media or text, or why not; never raises for what is in it.

        `owner` is a key of the person who asks: files of several people are read in turn.

        What it is is found from its bytes, never from `name`. The same bytes under the same terms give the same
        outcome, unless time or memory ran out.
        """
        ...
