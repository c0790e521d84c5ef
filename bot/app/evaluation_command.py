"""Add `seedling eval` to the command line."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bot.command_help import add_command, log_only_failures
from bot.errors import InvalidInput
from bot.evaluation import EvaluationCase, read_cases
from bot.exit_codes import EXIT_FAILED
from bot.ports import Commands
from bot.standard_streams import note, say, say_json

if TYPE_CHECKING:
    from bot.app.evaluation_run import CaseResult, EvaluationSetting

AT_ONCE: Final = 4
MOST_AT_ONCE: Final = 64
SHOWN: Final = 300
"""Characters of an answer that are shown beside what is wrong with it."""

DESCRIPTION: Final = """\
Ask the questions of a file, by every setting that is named, and print how many answers were right, what they cost and
how long they took. Each line of the file is a JSON object: question, and what the answer contains, lacks, or how many
words it has at most; with a thread before it, files and search as wanted. 'seedling feedback --json' prints such
lines."""


def add_evaluation_command(commands: Commands) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "eval",
        "compare settings by questions with expected facts",
        "seedling eval benchmarks/eval/cases.jsonl",
        "seedling eval cases.jsonl --with 'reasoning_effort=low' --with 'SEED_MODEL=seed-2-0-mini'",
        "seedling feedback --json > rated.jsonl && seedling eval rated.jsonl --answers",
        description=DESCRIPTION,
    )
    command.add_argument("file", type=Path, help="the cases, one JSON object on each line")
    command.add_argument(
        "--with",
        dest="settings",
        metavar="'NAME=VALUE ...'",
        action="append",
        default=[],
        help="a setting to compare: parameters, and variables such as SEED_MODEL; as it is set if left out",
    )
    command.add_argument("--only", metavar="TEXT", default="", help="the cases that have this in their name")
    command.add_argument(
        "--at-once", metavar="N", type=_at_once, default=AT_ONCE, help=f"how many are asked at once ({AT_ONCE})"
    )
    command.add_argument("--answers", action="store_true", help="print all answers, not only wrong ones")
    command.add_argument("--json", action="store_true", help="print each result as one JSON object on a line")
    command.set_defaults(command=_evaluate)


def _at_once(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:4]) <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number from 1 to {MOST_AT_ONCE}")
    return int(text)


def _evaluate(options: argparse.Namespace) -> int:
    from bot.app.evaluation_run import HEADER, check_files, setting_of, summary_row

    log_only_failures(options)
    cases = [case for case in read_cases(_text_of(options.file)) if options.only in case.name]
    if not cases:
        raise InvalidInput(f"No case has {options.only!r} in its name.")
    check_files(cases, options.file.parent)
    rows, answered = [], False
    for setting in [setting_of(words) for words in options.settings or [""]]:
        results = asyncio.run(_results(setting, cases, options))
        answered |= any(not result.failure for result in results)
        rows.append(summary_row(setting.name, results))
    if not options.json:
        say("\n".join((HEADER, *rows)))
    return 0 if answered else EXIT_FAILED


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{str(file)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{str(file)!r} is no UTF-8 text.") from None


async def _results(
    setting: EvaluationSetting, cases: Sequence[EvaluationCase], options: argparse.Namespace
) -> Sequence[CaseResult]:
    from bot.app.evaluation_run import evaluate

    results: list[CaseResult] = []
    async for result in evaluate(setting, cases, folder=options.file.parent, at_once=options.at_once):
        results.append(result)
        if options.json:
            say_json(_as_json(setting, result))
        elif options.answers or result.verdict in {"wrong", "failed"}:
            say(f"{setting.name}: {_told(result, whole=options.answers)}")
        if sys.stderr.isatty():
            note(f"\r{setting.name}: {len(results)} of {len(cases)}", end="\r" if len(results) < len(cases) else "\n")
    return results


def _told(result: CaseResult, *, whole: bool) -> str:
    why = result.failure or "; ".join(result.wrongs)
    answer = result.answer if whole else " ".join(result.answer.split())[:SHOWN]
    return "\n    ".join(filter(None, (f"{result.case.name}: {result.verdict}", why, answer)))


def _as_json(setting: EvaluationSetting, result: CaseResult) -> Mapping[str, Any]:
    return {
        "setting": setting.name,
        "case": result.case.name,
        "verdict": result.verdict,
        "wrong": list(result.wrongs),
        "failure": result.failure,
        "answer": result.answer,
        "cost": f"{result.cost:f}",
        "seconds": round(result.seconds, 3),
    }
