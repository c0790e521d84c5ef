"""The sums of a run's ledger and of the bill of its model, in US dollars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Sums over lines of the ledger and over the bill.

    `settled` are the lines that the provider's count has settled, `estimated` the others: those stand for the
    `unheard` requests, which died in flight, were stopped or broke off, and whose count nobody was told. The bill has
    both.
    """

    billed: Decimal = ZERO
    settled: Decimal = ZERO
    estimated: Decimal = ZERO
    unheard: int = 0

    def __add__(self, other: Books) -> Books:
        return Books(
            billed=self.billed + other.billed,
            settled=self.settled + other.settled,
            estimated=self.estimated + other.estimated,
            unheard=self.unheard + other.unheard,
        )

    @property
    def share(self) -> str:
        """Return what the whole ledger is of the bill, and its settled lines alone, as per cents."""
        if not self.billed:
            return "nothing was billed"
        whole, settled = ((self.settled + self.estimated) / self.billed, self.settled / self.billed)
        return f"{whole:.2%}, {settled:.2%} settled"

    def __str__(self) -> str:
        return (
            f"bill ${self.billed:.6f}; ledger ${self.settled + self.estimated:.6f} ({self.share}, the rest estimates "
            f"of {self.unheard} requests that died in flight, were stopped or broke off: ${self.estimated:.6f})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it with sums as exact decimals."""
        return {
            "billed": str(self.billed),
            "settled": str(self.settled),
            "estimated": str(self.estimated),
            "unheard": self.unheard,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return what `to_json` has made; nothing where an earlier run told no sums."""
        sums = {name: Decimal(told.get(name, 0)) for name in ("billed", "settled", "estimated")}
        return cls(**sums, unheard=told.get("unheard", 0))


def added_up(lines: Iterable[tuple[str | None, bool]], *, billed: Decimal) -> Books:
    """Return the sums of lines, each its exact cost ("" or None for none) and whether that is an estimate."""
    settled = estimated = ZERO
    unheard = 0
    for cost, is_estimate in lines:
        if is_estimate:
            estimated, unheard = estimated + Decimal(cost or 0), unheard + 1
        else:
            settled += Decimal(cost or 0)
    return Books(billed=billed, settled=settled, estimated=estimated, unheard=unheard)
