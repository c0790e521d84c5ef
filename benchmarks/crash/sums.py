"""`python -m benchmarks.crash.sums FILE...`: one table of many runs, from the lines that `--json` prints."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.crash.books import Books

COLUMNS = ("platform", "mode", "seeds", "void", "kills", "outages", "questions", "what was wrong", "ledger / bill")


def rows(runs: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[str]]:
    """Yield a row for each platform and database; runs that say nothing are named and count for nothing."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for run in runs:
        groups[run["platform"], run["mode"]].append(run)
    for (platform, mode), group in sorted(groups.items()):
        told = [run for run in group if not run["void"]]
        wrong: Counter[str] = Counter()
        for run in told:
            wrong.update({name: len(found) for name, found in run["verdicts"].items()})
            wrong["violations"] += len(run["violations"])
        sums = [str(sum(run[name] for run in told)) for name in ("kills", "outages", "questions")]
        said = ", ".join(f"{count} {name}" for name, count in wrong.items() if count) or "nothing"
        books = sum((Books.from_json(run.get("books", {})) for run in told), Books())
        yield platform, mode, _seeds(told), _seeds([run for run in group if run["void"]]), *sums, said, books.share


def _seeds(runs: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(run["seed"]) for run in runs)


def main(paths: Sequence[str]) -> None:
    """Print the table of the runs in some files, one on each line; what else stands there is passed over."""
    lines = (line for path in paths for line in Path(path).read_text().splitlines())
    runs = [json.loads(line) for line in lines if line.startswith("{")]
    for row in (COLUMNS, ["---"] * len(COLUMNS), *rows(runs)):
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main(sys.argv[1:])
