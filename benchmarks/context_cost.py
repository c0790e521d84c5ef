"""What the choice of window costs, on recorded traffic, beside other policies and the cheapest choice there is.

    python -m benchmarks.context_cost                                all traces, floors and price ratios, as tables
    python -m benchmarks.context_cost --turns 600                    the same on pieces of 600 turns
    python -m benchmarks.context_cost --plot docs/context_cost.svg   and the picture
    python -m benchmarks.context_cost --notes 300 500 800            with the notes that trims cause, memory on
    python -m benchmarks.context_cost --notes product --turns 600 --pieces 1     the same in less than two minutes
    python -m benchmarks.context_cost --trace FILE --floor 8000 --ratio 0.2 --json
    python -m benchmarks.context_cost --trace FILE --floor 8000 --ratio 0.2 --decisions FILE

A trace is a CSV file with a row for each message: `seconds` and `characters`. Every message is a question of one
conversation, answered with 300 tokens. Costs are input, and with --notes the requests that write
them, in units of one uncached token.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_billing import Account, Terms, asked_notes
from benchmarks.context_plot import draw
from benchmarks.context_policies import BY_NAME
from benchmarks.context_report import OURS, Cell, as_json, measure, table, verdict, write_decisions
from benchmarks.context_traces import Trace, read_traces

FLOORS = (2_000, 8_000, 32_000)
RATIOS = (0.1, 0.2, 0.5, 1.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    options = _parser().parse_args(arguments)
    files = [options.trace] if options.trace else recorded_traffic()
    if not files:
        print(
            "There is no recorded traffic; name a file with --trace or a folder with SEEDLING_TEST_DATA.",
            file=sys.stderr,
        )
        return 1
    whole = [trace for file in files for trace in read_traces(file)]
    cells = [cell for trace in whole for cell in _measure(trace, options)]
    if options.decisions:
        account = Account(whole[0], _terms(options)[0])
        write_decisions(options.decisions, account, BY_NAME[options.policy](account))
    if options.plot:
        options.plot.write_text(draw(cells), encoding="utf-8")
    print(json.dumps([as_json(cell) for cell in cells], indent=1) if options.json else _tables(cells))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare what policies for the window cost on recorded traffic.")
    parser.add_argument("--trace", type=Path, help="one CSV file in place of all recorded traffic")
    parser.add_argument("--floor", type=int, nargs="+", default=FLOORS, help="tokens that stay in view")
    parser.add_argument("--ratio", type=float, nargs="+", default=RATIOS, help="price of cached input as a share")
    notes = "tokens of the notes on what left the view; `product` for as many as the product asks for"
    parser.add_argument("--notes", type=_notes, nargs="+", default=[0], help=notes)
    parser.add_argument("--turns", type=int, default=0, help="cut each trace into pieces of so many turns")
    parser.add_argument("--pieces", type=int, help="measure only so many pieces of each trace")
    parser.add_argument("--block", type=int, default=1, help="cached prefixes end at multiples of so many tokens")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.add_argument("--decisions", type=Path, help="write what was sent in each turn to this CSV file")
    parser.add_argument("--policy", choices=list(BY_NAME), default=OURS, help="whose decisions are written")
    parser.add_argument("--plot", type=Path, help="draw the comparison into this SVG file")
    return parser


def _notes(text: str) -> int | None:
    """Return the tokens of notes that the command line names, None for those of the product."""
    return None if text == "product" else int(text)


def recorded_traffic() -> list[Path]:
    """Return the files of recorded traffic beside the project, or where SEEDLING_TEST_DATA says; [] where there are
    none.
    """
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SEEDLING_TEST_DATA", beside))
    return [*sorted(folder.glob("traces/*.csv")), *sorted(folder.glob("llm/*Trace_conv.csv"))]


def _terms(options: argparse.Namespace) -> list[Terms]:
    cells = product(options.notes, options.floor, options.ratio)
    return [
        Terms(floor=floor, ratio=ratio, notes=asked_notes(floor) if notes is None else notes, block=options.block)
        for notes, floor, ratio in cells
    ]


def _measure(trace: Trace, options: argparse.Namespace) -> list[Cell]:
    pieces = list(trace.pieces(options.turns))[: options.pieces]
    return [measure(Account(piece, terms)) for terms in _terms(options) for piece in pieces]


def _tables(cells: Sequence[Cell]) -> str:
    traces = dict.fromkeys(_source(cell) for cell in cells)
    groups = [(name, [cell for cell in cells if _source(cell) == name]) for name in traces]
    if len(traces) > 1:
        groups.append(("all traces", list(cells)))
    kinds = dict.fromkeys((cell.notes, cell.floor) for cell in cells)
    parts = [
        _section(name, [cell for cell in own if (cell.notes, cell.floor) == kind])
        for name, own in groups
        for kind in kinds
    ]
    return "\n\n".join([*parts, verdict(cells)])


def _source(cell: Cell) -> str:
    """Return the trace that a cell's piece was cut from."""
    return cell.trace.partition(" #")[0]


def _section(name: str, cells: Sequence[Cell]) -> str:
    pieces = {cell.trace: cell.turns for cell in cells}
    turns = f"{sum(pieces.values()):,} turns" + (f" in {len(pieces)} conversations" if len(pieces) > 1 else "")
    notes = f", notes of {cells[0].notes}" if cells[0].notes else ""
    return f"### {name}, {turns}, floor {cells[0].floor:,}{notes}\n\n{table(cells)}"


if __name__ == "__main__":
    sys.exit(main())
