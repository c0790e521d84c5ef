"""How well files are read that others ship: documents, tables, slides, pages and mails of installed packages.

    python -m benchmarks.media_corpus [FOLDER ...] [--most 30] [--endings pdf docx] [--list]

Files are found below the folders (by default where Debian's and Python's packages lie), of each ending the first ones
by their names, and read as the bot reads them, each in a process of its own. Nothing is copied or sent anywhere.

What should be in a file is asked of another library where one is installed: python-docx, python-pptx, openpyxl, odfpy,
the standard library's email and JSON, pdfminer.six or pypdf for the words of a PDF. A file counts as

    whole      at least 98 of 100 words that the other library finds are in what the model sees, or it sees the pages
    told       some are missing and people are told so
    untold     some are missing and nobody is told
    wrong      hardly any of the words are there and nobody is told
    refused    not read although the other library reads it;  right: refused, and rightly so
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from adapters.media import SeparateReader
from benchmarks.media_words import counted, words_in
from bot.types import FileOutcome, FileTerms, ReadFile

FOLDERS: Final = ("/usr/share", "/usr/lib", "/usr/local/lib", sys.prefix)
ENDINGS: Final = (
    *("docx", "dotx", "docm", "xlsx", "xlsm", "xls", "xlsb", "pptx", "potx", "odt", "ott", "ods", "ots"),
    *(
        "odp",
        "otp",
        "rtf",
        "pdf",
        "eml",
        "ipynb",
        "html",
        "xhtml",
        "htm",
        "csv",
        "tsv",
        "svg",
        "zip",
        "doc",
        "ppt",
        "msg",
    ),
)
VERDICTS: Final = ("whole", "told", "untold", "wrong", "refused", "right")
ENOUGH: Final = 0.98
HARDLY_ANY: Final = 0.3
TERMS: Final = FileTerms(text_tokens=200_000, media_tokens=400_000)
"""So much that a file is seldom cut: being cut is told, and would hide everything else."""


@dataclass(frozen=True)
class Result:
    """Result of one file: the verdict, seconds of processor, memory of the process in MB."""

    path: Path
    verdict: str
    seconds: float
    share: float
    said: str


def files_below(folders: Sequence[str], endings: Sequence[str], most: int) -> Iterator[Path]:
    """Yield the first files of each ending by their names without folders, so that versions of one do not crowd."""
    found: dict[str, dict[str, Path]] = {ending: {} for ending in endings}
    for folder in folders:
        for path in Path(folder).rglob("*"):
            ending = ending_of(path)
            if ending in found and path.is_file() and 0 < path.stat().st_size < 20_000_000:
                found[ending].setdefault(path.name, path)
    for names in found.values():
        yield from (names[name] for name in islice(sorted(names), most))


def ending_of(path: Path) -> str:
    """Return what a file is by its name; the mails that Python tests its own parser with are called texts."""
    ending = path.suffix.lower().removeprefix(".")
    return "eml" if ending == "txt" and path.parent.parts[-2:] == ("test_email", "data") else ending


async def result_of(reader: SeparateReader, path: Path) -> Result:
    """Read one file, and compare it with what another library finds in it."""
    data = await asyncio.to_thread(path.read_bytes)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = await reader.read(path.name, data, TERMS)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    expected = words_in(ending_of(path), data)
    verdict, share = verdict_on(outcome, expected)
    said = outcome.note if isinstance(outcome, ReadFile) else outcome.reason
    return Result(path, verdict, seconds, share, said)


def verdict_on(outcome: FileOutcome, expected: Counter[str] | None) -> tuple[str, float]:
    """Return how a file was read, and the share of the words expected in it that are there."""
    if not isinstance(outcome, ReadFile):
        return ("refused" if expected else "right"), 0.0
    seen = counted(outcome.text)
    total = sum(expected.values()) if expected else 0
    share = sum((expected & seen).values()) / total if expected and total else 1.0
    if share >= ENOUGH or "shown as" in outcome.note or "stand as pictures" in outcome.note:
        return "whole", share
    if outcome.note:
        return "told", share
    return ("wrong" if share < HARDLY_ANY else "untold"), share


async def measured(paths: Sequence[Path]) -> list[Result]:
    """Return the results of all files, one after the other."""
    reader = SeparateReader()
    return [await result_of(reader, path) for path in paths]


def print_table(results: Sequence[Result]) -> None:
    """Print a row for each ending and one for all."""
    print(
        f"{'ending':8}{'files':>7}"
        + "".join(f"{verdict:>9}" for verdict in VERDICTS)
        + f"{'median s':>10}{'most s':>8}"
    )
    endings = sorted({ending_of(result.path) for result in results})
    for ending in (*endings, "all"):
        rows = [result for result in results if ending in {ending_of(result.path), "all"}]
        counts = Counter(result.verdict for result in rows)
        seconds = [result.seconds for result in rows]
        figures = "".join(f"{counts[verdict]:9,}" for verdict in VERDICTS)
        print(f"{ending:8}{len(rows):7,}{figures}{statistics.median(seconds):10.2f}{max(seconds):8.2f}")


def main() -> None:
    """Find the files, read them, and print what came of it."""
    parser = argparse.ArgumentParser(description="How well files are read that installed packages ship.")
    parser.add_argument("folders", nargs="*", default=FOLDERS)
    parser.add_argument("--most", type=int, default=30, help="files of one ending")
    parser.add_argument("--endings", nargs="*", default=ENDINGS)
    parser.add_argument("--list", action="store_true", help="name the files that were not read whole")
    given = parser.parse_args()
    started = time.perf_counter()
    results = asyncio.run(measured(list(files_below(given.folders, given.endings, given.most))))
    if given.list:
        for result in results:
            if result.verdict not in {"whole", "right"}:
                print(f"{result.verdict:8}{result.share:5.2f} {result.path}: {result.said}")
    print_table(results)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000
    print(f"{len(results):,} files in {time.perf_counter() - started:.0f} s; the largest process had {peak:.0f} MB")


if __name__ == "__main__":
    main()
