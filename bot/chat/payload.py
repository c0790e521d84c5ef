"""Parse a platform's JSON into typed values; a field that is missing or has another type is empty. Pure.

A payload is parsed once, where it arrives. Its class names the fields that are read of it and leaves out all others.
Nothing raises: what platforms add, leave out or break costs that field and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WrapValidator
from pydantic import ValidatorFunctionWrapHandler as Reader

T = TypeVar("T")


class Payload(BaseModel):
    """A record of a platform; `Class.read(record)` parses one."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @classmethod
    def read(cls, record: object) -> Self:
        """Return the fields of a record; all of them are empty for anything else."""
        return cls.model_validate(_record(record))

    @classmethod
    def read_list(cls, records: object) -> list[Self]:
        """Return the records in a list; [] for anything else."""
        return [cls.read(item) for item in _records(records)]


P = TypeVar("P", bound=Payload)


def length_of(payload: Payload) -> int:
    """Return how much there is to read in a payload: its characters, and one for each of its fields and records."""
    length, waiting = 0, list[object]([payload])
    while waiting:
        value = waiting.pop()
        length += len(value) if isinstance(value, str) else 1
        if isinstance(value, tuple):
            waiting += value
        elif isinstance(value, Payload):
            waiting += [getattr(value, name) for name in value.model_fields_set]
    return length


def text_of(value: object) -> str:
    """Return a text of which a database can store every character; "" for anything else."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def id_of(value: object) -> str:
    """Return an id, also one that was sent as a number; "" for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 1 << 64 else ""
    return text_of(value)


def scalar_of(value: object) -> str:
    """Return a text, or a number as one; "" for anything else."""
    return str(value) if isinstance(value, int | float) else text_of(value)


def _whole_number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _is_true(value: object) -> bool:
    return value is True


def _record(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value
    return dict(value) if isinstance(value, Mapping) else {}


def _records(value: object) -> list[Any]:
    found = value if isinstance(value, list | tuple) else ()
    return [item for item in found if isinstance(item, Mapping | BaseModel)]


def _ids(value: object) -> list[str]:
    return [id for id in map(id_of, value) if id] if isinstance(value, list | tuple) else []


def _texts(value: object) -> list[str]:
    return [text_of(item) for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def _record_or_none(value: object, read: Reader) -> Any:
    try:
        return read(value) if value and isinstance(value, Mapping | BaseModel) else None
    except ValidationError:  # nested deeper than pydantic reads
        return None


def _records_that_can_be_read(value: object, read: Reader) -> Any:
    try:
        return read(_records(value))
    except ValidationError:  # nested deeper than pydantic reads
        return ()


def words_or_records(value: object, read: Reader) -> Any:
    """Return the words, the record or the records that a field holds; records always as a list."""
    if isinstance(value, str):
        return text_of(value)
    return _records_that_can_be_read(value if isinstance(value, list | tuple) else [value], read)


def words_of(content: str | tuple[Payload, ...]) -> str:
    """Return the words that such a field holds as they are; "" where it holds records."""
    return content if isinstance(content, str) else ""


def records_of(content: str | tuple[P, ...]) -> tuple[P, ...]:
    """Return the records that such a field holds; none where it holds words."""
    return () if isinstance(content, str) else content


Text = Annotated[str, BeforeValidator(text_of)]
Scalar = Annotated[str, BeforeValidator(scalar_of)]
"""A text or a number."""
Id = Annotated[str, BeforeValidator(id_of)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Ids = Annotated[tuple[str, ...], BeforeValidator(_ids)]
Number = Annotated[int, BeforeValidator(_whole_number)]
Flag = Annotated[bool, BeforeValidator(_is_true)]
Nested = Annotated[T, BeforeValidator(_record)]
"""A record within a record; its default is one whose fields are empty."""
OrNone = Annotated[T | None, WrapValidator(_record_or_none)]
"""A record within a record; None for an empty one."""
Many = Annotated[tuple[T, ...], WrapValidator(_records_that_can_be_read)]
"""The records in a list."""
