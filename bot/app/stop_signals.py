"""Signals that end a question from the terminal: the first one as Stop does, the second one at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a question."""


class Interrupted(Exception):
    """A signal ended the question before it was asked, or a second one did."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class StopSignals:
    """The first signal stops an answer; a second one, and the first while things are still opened, ends the task."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.number = 0
        self.is_answering = False
        self._task = asyncio.current_task()

    @contextmanager
    def heed(self) -> Iterator[None]:
        """Take the signals for as long as this lasts, but for those that whoever started us wants ignored."""
        loop = asyncio.get_running_loop()
        taken = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
        for number in taken:
            loop.add_signal_handler(number, self._take, number)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let the next signal stop an answer for as long as this lasts, whatever came before."""
        self.came.clear()
        self.number, self.is_answering = 0, True
        try:
            yield
        finally:
            self.is_answering = False

    def _take(self, number: int) -> None:
        if self._task is not None and (self.came.is_set() or not self.is_answering):
            self._task.cancel()
        self.number = self.number or number
        self.came.set()
