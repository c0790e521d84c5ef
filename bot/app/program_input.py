"""Take what the program was called with, and tell where it broke."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.surrogates import without_halves


def readable(options: argparse.Namespace) -> argparse.Namespace:
    """Return options whose words any database and any server takes; paths may be any bytes and stay so."""
    for name, value in vars(options).items():
        if isinstance(value, str):
            setattr(options, name, without_halves(value))
        elif isinstance(value, list):
            setattr(options, name, [without_halves(item) if isinstance(item, str) else item for item in value])
    return options


def place_of(error: Exception) -> str:
    """Return the file and line in which an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "unknown" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
