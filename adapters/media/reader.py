"""Read files in processes of their own: a hostile or endless file ends its process and nothing else."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import pickle
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.media import media_limits
from adapters.media.outcome import from_bytes
from adapters.media.rules import ReadingRules
from adapters.media.slots import Slots
from bot.types import FileTerms, ReadFile, UnreadableFile
from bot.types.said import Said

logger = logging.getLogger(__name__)

CODE: Final = Path(__file__).parents[2]
"""The folder that the reading process finds its modules in."""

_KEPT_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")  # what Python may need to start; no secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderBounds:
    """Bounds of reading: files at once, seconds and memory for each; `file_bytes` bounds what is fetched.

    A small file has less time on the processor (`media_limits.cpu_seconds`).
    """

    at_once: int = 2
    seconds: float = 30.0
    memory_bytes: int = 1_500_000_000
    file_bytes: int = media_limits.FILE_BYTES


class SeparateReader:
    """A `MediaReader` that reads each file in a process that is started for it, bounded, and ended with it."""

    def __init__(
        self, rules: ReadingRules | None = None, bounds: ReaderBounds | None = None, *, code: Path = CODE
    ) -> None:
        self._rules = rules or ReadingRules()
        self._bounds = bounds or ReaderBounds()
        self._code = code
        self._slots = Slots(self._bounds.at_once)

    @property
    def file_bytes(self) -> int:
        """The most bytes that a file worth fetching may have."""
        return self._bounds.file_bytes

    async def read(self, name: str, data: bytes, terms: FileTerms, *, owner: str = "") -> ReadFile | UnreadableFile:
        """As the port says."""
        if len(data) > self.file_bytes:
            most = media_limits.megabytes(self.file_bytes)
            return UnreadableFile(
                name=name,
                reason=Said(
                    "is {size} large, and at most {most} are read", size=media_limits.megabytes(len(data)), most=most
                ),
            )
        async with self._slots.slot(owner):
            try:
                return await self._read_apart(name, data, terms)
            except TimeoutError:
                logger.warning("a file took too long to read", extra={"bytes": len(data)})
                return UnreadableFile(
                    name=name, reason=Said("takes longer than {seconds} s to read", seconds=self._bounds.seconds)
                )
            except OSError:
                logger.exception("the process that reads files did not start", extra={"bytes": len(data)})
                return UnreadableFile(name=name, reason=Said("could not be read just now"))

    async def _read_apart(self, name: str, data: bytes, terms: FileTerms) -> ReadFile | UnreadableFile:
        bounds = self._bounds
        seconds = math.ceil(media_limits.cpu_seconds(len(data), bounds.seconds))
        job = pickle.dumps((name, data, terms, self._rules, bounds.memory_bytes, seconds))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "adapters.media.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
            env=_surroundings(self._code),
        )
        try:
            async with asyncio.timeout(bounds.seconds):
                said, _ = await process.communicate(job)
            return from_bytes(said)
        except ValueError:
            extra = {"exit_code": process.returncode, "bytes": len(data)}
            logger.warning("a file crashed the process that reads files", extra=extra)
            return UnreadableFile(name=name, reason=_why_ended(process.returncode))
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _why_ended(exit_code: int | None) -> str:
    """Return why a process ended that said nothing; a signal ends it when its time on the processor is over."""
    if exit_code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return Said("takes longer to read than a file of its size may, as broken and hostile files do")
    return Said("is broken, or needs more time or memory than a file may have")


def _surroundings(code: Path) -> dict[str, str]:
    """Return the environment of the reading process: where its code is, and no setting of the bot."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": str(code)}
