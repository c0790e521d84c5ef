"""The visible answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from bot.types.model_request import CostSplit, Source, Usage

ReplyStatus = Literal["thinking", "writing", "searching", "done", "stopped", "failed"]
OPEN_STATUSES: Final[frozenset[ReplyStatus]] = frozenset({"thinking", "writing", "searching"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The small print under an answer; `cost` is None where no price is known, `seconds` from question to end.

    `split` is what the list says of each part, None in answers of earlier versions; a `cost` that the provider itself
    reported may be another sum.
    """

    model: str
    usage: Usage
    cost: Decimal | None
    seconds: float
    show_cost: bool = True
    split: CostSplit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The whole visible state of a reply at one moment; each one replaces the one before.

    `is_cut` says that the text ends before the model was done, so that a person may want the rest. `links` are
    the addresses in the text that people wrote before, or that the bot itself made. Where `file_name` is set, the text
    is for a file of that name, and `notices` are what people read beside it. `progress` says what is being done right
    now, while the answer grows.
    """

    status: ReplyStatus
    text: str = ""
    reasoning: str = ""
    sources: tuple[Source, ...] = ()
    notices: tuple[str, ...] = ()
    footer: Footer | None = None
    is_cut: bool = False
    links: tuple[str, ...] = ()
    file_name: str = ""
    progress: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether it is still being written."""
        return self.status in OPEN_STATUSES

    @property
    def addresses(self) -> frozenset[str]:
        """Return where the text may lead: the model alone names no address that people can follow."""
        return frozenset(self.links).union(source.url for source in self.sources)
