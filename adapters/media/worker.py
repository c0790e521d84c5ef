"""Read one file in a process, `python -m adapters.media.worker`: a job on standard input, an outcome out.

It has no settings, no secrets, no more memory and time than it was given, and it ends with its file.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import warnings

from adapters.media.outcome import to_bytes
from adapters.media.read_file import read_file

NICENESS = 5
"""Answers that are being written come first."""


def main() -> None:
    """Read the job, bound this process, read the file, and tell."""
    name, data, terms, rules, memory_bytes, cpu_seconds = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our parent
    _bound(memory_bytes, cpu_seconds)
    logging.disable()
    warnings.simplefilter("ignore")
    sys.stdout.buffer.write(to_bytes(read_file(name, data, terms, rules)))


def _bound(memory_bytes: int, cpu_seconds: int) -> None:
    if sys.platform == "win32":
        return  # there only the time limit of the parent holds
    import resource  # noqa: PLC0415 - not there on Windows

    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)


if __name__ == "__main__":
    main()
