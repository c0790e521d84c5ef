"""What goes wrong on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Fault:
    """A mishap of the next `times` calls of `method`; "*" is every method.

    `error` is a code of the Web API and `http_status` a status to answer with (429 with `retry_after`). `drop` closes
    the connection without an answer. `when`: "before" the call has its effect, or "after" it had it.
    `delay_s` on the emulator's clock passes first. `skip` calls are let through before.
    """

    method: str = "*"
    error: str = ""
    http_status: int = 200
    retry_after: int = 1
    drop: bool = False
    when: Literal["before", "after"] = "before"
    delay_s: float = 0.0
    times: int = 1
    skip: int = 0


class Faults:
    """The mishaps to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` happen. Raises `ValueError` when it would do nothing."""
        if not (fault.error or fault.drop or fault.delay_s or fault.http_status != 200):
            raise ValueError("a fault needs an error, an HTTP status, a delay or a dropped connection")
        self._faults.append(fault)

    def clear(self) -> None:
        """Let no fault happen any more."""
        self._faults.clear()

    def take(self, method: str) -> Fault | None:
        """The fault of this call, if there is one."""
        for fault in self._faults:
            if fault.method not in {"*", method}:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
            return fault
        return None
