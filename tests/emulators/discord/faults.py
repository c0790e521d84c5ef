"""What can go wrong between the bot and Discord, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "429",
    "429_global",
    "429_shared",
    "429_cloudflare",
    "5xx",
    "drop_before",
    "drop_after",
    "delay",
    "html_502",
    "refuse",
]
KINDS = get_args(Kind)


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that happens to the next `times` requests that it fits, after `skip` that it lets pass.

    `method` and `template` (a part of the path as the specification writes it) choose requests; empty fits all.
    `drop_before` breaks the connection before the request has an effect, `drop_after` after it. `status` is that of
    `5xx`, `seconds` the length of a `delay` or the `retry_after` of a 429. `refuse` answers with `status` and the error
    `code` of Discord (topics/opcodes-and-status-codes), and nothing happens.
    """

    kind: Kind
    method: str = ""
    template: str = ""
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float = 0.1
    code: int = 0

    def __post_init__(self) -> None:
        """Raises `ValueError` for a kind that is not there."""
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")

    def fits(self, method: str, template: str) -> bool:
        """Whether it is meant for this request."""
        return self.method in {"", method} and self.template in template


class Faults:
    """The faults that wait, and how many have happened by kind."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.happened: list[Kind] = []

    def add(self, fault: Fault) -> None:
        """Let a fault wait for its requests."""
        self.waiting.append(fault)

    def clear(self) -> None:
        """Drop what waits."""
        self.waiting.clear()

    def next(self, method: str, template: str) -> Fault | None:
        """The fault for this request, if there is one."""
        for fault in self.waiting:
            if not fault.fits(method, template):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self.waiting.remove(fault)
            self.happened.append(fault.kind)
            return fault
        return None
