"""An event loop whose clock jumps: where everybody waits, it is at once as late as the first of them waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """`time` moves only by waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        """Return the time, in seconds since the beginning."""
        return self._now

    def _run_once(self) -> None:
        loop: Any = self
        waited_for = [handle._when for handle in loop._scheduled if not handle._cancelled]
        if not loop._ready and waited_for:
            self._now = max(self._now, min(waited_for))
        run_once: Any = super()
        run_once._run_once()


def run_jumping(main: Coroutine[Any, Any, None]) -> None:
    """Run something in such a loop to its end."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(main)
