"""The command line: `seedling`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

EXIT_SIGNAL = 128  # and the number of the signal, as shells have it
IS_PROGRAM = __name__ == "__main__" or Path(sys.argv[0]).stem == "seedling"


def _on_interrupt(handler: Any) -> None:
    """Have Ctrl+C handled so, unless whoever started us wants it ignored."""
    if IS_PROGRAM and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def _leave(number: int, _frame: object) -> None:
    os._exit(EXIT_SIGNAL + number)


# Loading the rest takes a second, in which Ctrl+C would only show how far that has come.
_on_interrupt(_leave)

import argparse
import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, NoReturn
from urllib.parse import urlsplit

from bot import app
from bot.app.administration_commands import add_administration_commands
from bot.app.day_option import add_days
from bot.app.export_commands import add_export_commands
from bot.app.maintenance_commands import add_upkeep_commands
from bot.app.spending_limits import add_budget_command
from bot.app.web import add_account_commands
from bot.checks import CHECK_SECONDS
from bot.commands.arguments import parse_overrides
from bot.commands.parameter_text import origin_text, parameters_table
from bot.commands.usage_report import guesses
from bot.errors import BotError, ConfigError, InvalidInput, StorageError
from bot.logs import configure_logging
from bot.parameters import FIXED_BY_SERVER
from bot.plurals import quantity
from bot.ports import Commands, PlatformSpec
from bot.settings import Settings, load_settings
from bot.standard_streams import (
    OutputLost,
    finish_streams,
    mention,
    note,
    piped_file,
    prepare_streams,
    say,
    say_json,
)
from bot.types import Draft, Outcome, Spending

# Exit codes as in sysexits.h: 64 usage, 69 a service is away, 74 output, 78 configuration.
EXIT_USAGE = 64
EXIT_CODES: Sequence[tuple[type[BotError], int]] = ((ConfigError, 78), (InvalidInput, EXIT_USAGE), (StorageError, 69))
EXIT_FAILED = 1
EXIT_OUTPUT_LOST = 74

DESCRIPTION = """\
Seedling puts the Seed 2.0 Lite model into team chat.

Without any setting, 'seedling run' opens a playground in the browser, where a small local model answers.
Settings come from the environment or from a file .env; .env.example explains each."""

UNLIKE = """\
Only the provider counts the requests of 'seedling doctor' and other uses of the same account. Only our records have
estimates, for requests whose end nobody told us."""


def main(arguments: Sequence[str] | None = None, *, platforms: Sequence[str] = app.PLATFORMS) -> int:
    """Run one command; the exit code. Every expected failure is one line on standard error.

    `platforms` are the modules of the chat platforms that there are. Whoever reads the output may go: that is no
    failure, and nothing is said of it.
    """
    prepare_streams()
    try:
        _on_interrupt(signal.default_int_handler)
        options = build_parser(app.load_specs(platforms)).parse_args(arguments)
        configure_logging(verbose=options.verbose)
        return int(options.command(options))
    except BotError as error:
        note(f"seedling: {error}")
        return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), EXIT_FAILED)
    except OutputLost as lost:
        if lost.is_closed:
            return 0
        note(f"seedling: {lost}")
        return EXIT_OUTPUT_LOST
    except KeyboardInterrupt:
        return EXIT_SIGNAL + signal.SIGINT
    except app.Interrupted as interrupted:
        return EXIT_SIGNAL + interrupted.number
    finally:
        _on_interrupt(_leave)
        finish_streams()


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints end the program as every other bad input does."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; '{self.prog} --help' tells how it is used\n")


def build_parser(platforms: Sequence[PlatformSpec[Any]]) -> argparse.ArgumentParser:
    """Every command with its options and help; the commands find the platforms in `options.platforms`."""
    parser = _Parser(prog="seedling", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"seedling {version('seedling')}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.set_defaults(platforms=platforms)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serving_commands(commands, platforms)
    _add_ask_command(commands)
    add_upkeep_commands(commands)
    add_administration_commands(commands)
    add_account_commands(commands)
    add_export_commands(commands)
    for platform in platforms:
        platform.add_commands(commands, app.open_database)
    _add_model_commands(commands, [platform.title for platform in platforms])
    return parser


def _add_serving_commands(commands: Commands, platforms: Sequence[PlatformSpec[Any]]) -> None:
    command = commands.add_parser("run", help="serve the playground and answer, all in one process")
    command.set_defaults(command=_run)

    command = commands.add_parser("web", help="serve the playground; workers answer (PostgreSQL)")
    command.set_defaults(command=_web)

    for platform in platforms:
        command = commands.add_parser(platform.name, help=f"listen to {platform.title}; workers answer (PostgreSQL)")
        command.set_defaults(command=_listen, platform=platform)

    command = commands.add_parser("worker", help="answer what other processes receive (PostgreSQL)")
    command.set_defaults(command=_worker)

    command = commands.add_parser("migrate", help="update the database to the newest schema")
    command.set_defaults(command=_migrate)


def _add_ask_command(commands: Commands) -> None:
    command = commands.add_parser(
        "ask",
        help="ask one question from the terminal",
        description="Ask one question; the answer is streamed. Text piped in is what the question is about.",
        epilog="example: cat report.txt | seedling ask 'Sum it up in three lines.'",
    )
    command.add_argument("question", help="the question, or - to read it from standard input")
    command.add_argument("--thread", metavar="NAME", help="continue the conversation of that name")
    command.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a parameter for this answer only"
    )
    command.add_argument("--file", metavar="PATH", type=Path, action="append", default=[], help="a file to ask about")
    command.add_argument("--json", action="store_true", help="print one JSON object when the answer is complete")
    command.set_defaults(command=_ask)


def _add_model_commands(commands: Commands, titles: Sequence[str]) -> None:
    command = commands.add_parser("params", help="print the current parameters and where each value comes from")
    command.add_argument(
        "place",
        nargs="?",
        default="",
        metavar="PLATFORM/WORKSPACE[/CHANNEL[/THREAD]]",
        help="where; the defaults if left out",
    )
    command.add_argument("--markdown", action="store_true", help="as a Markdown table, as in docs/parameters.md")
    command.set_defaults(command=_params)

    command = commands.add_parser("rates", help="print the current prices and where they come from")
    command.set_defaults(command=_rates)

    command = commands.add_parser(
        "doctor", help=f"check {_listed(*titles, 'the model')}: what works, and how to fix the rest"
    )
    command.add_argument(
        "--seconds",
        type=_seconds,
        default=CHECK_SECONDS,
        metavar="N",
        help="time limit of each check in seconds (default: %(default)g)",
    )
    command.set_defaults(command=_doctor)

    command = commands.add_parser("usage", help="print what was used and what it cost")
    add_days(command)
    command.add_argument("--reconcile", action="store_true", help="compare with the provider's account")
    command.set_defaults(command=_usage)

    add_budget_command(commands)


# ---------------------------------------------------------------- the commands


def _begin_serving(options: argparse.Namespace) -> tuple[Settings, Callable[[str], None]]:
    """Return the settings, and how whoever watches the process is told; in JSON that is the log as well."""
    settings = load_settings()
    if settings.log_format == "text":
        return settings, mention
    configure_logging(verbose=options.verbose, as_json=True)
    return settings, logging.getLogger("bot").info


def _run(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    asyncio.run(app.run(settings, app.configure(options.platforms), announce))
    return 0


def _web(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    asyncio.run(app.serve_web(settings, app.configure(options.platforms), announce))
    return 0


def _listen(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    [platform] = app.configure([options.platform])
    asyncio.run(app.listen(settings, platform, announce))
    return 0


def _worker(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    asyncio.run(app.work(settings, app.configure(options.platforms), announce))
    return 0


def _ask(options: argparse.Namespace) -> int:
    question = sys.stdin.read() if options.question == "-" else options.question
    settings = load_settings()
    _log_only_failures(options)
    overrides, thread = parse_overrides(options.set), options.thread or ""
    with piped_file() as piped:
        asking = app.AskRequest(text=question, thread=thread, overrides=overrides, files=[*options.file, *piped])
        asked = asyncio.run(app.ask(settings, asking, quiet=options.json))
    if asked.failure is not None and not asked.signal:
        raise OutputLost(asked.failure)
    if asked.handled.outcome is Outcome.REPLIED:
        say(asked.handled.text)
        return 0
    if options.json:
        say_json(_as_json(asked), indent=2)
    if asked.signal:
        return EXIT_SIGNAL + asked.signal
    return EXIT_FAILED if asked.draft is None or asked.draft.status == "failed" else 0


def _as_json(asked: app.AskResult) -> Mapping[str, Any]:
    draft = asked.draft or Draft(status="failed")
    usage = draft.footer.usage if draft.footer else None
    cost = draft.footer.cost if draft.footer else None
    return {
        "text": draft.text,
        "reasoning": draft.reasoning,
        "sources": [{"url": source.url, "title": source.title} for source in draft.sources],
        "usage": {
            "input": usage.input,
            "cached": usage.cached,
            "output": usage.output,
            "reasoning": usage.reasoning,
            "estimated": usage.estimated,
        }
        if usage
        else None,
        "cost": None if cost is None else f"{cost:f}",
        "parameters": dict(asked.parameters),
        "model": asked.model,
        "status": draft.status,
        "notices": list(draft.notices),
    }


def _migrate(_: argparse.Namespace) -> int:
    asyncio.run(app.migrate_database(load_settings()))
    say("The database is at the newest schema.")
    return 0


def _params(options: argparse.Namespace) -> int:
    if options.markdown:
        say(parameters_table())
        return 0
    for item in asyncio.run(app.parameters_at(load_settings(), options.place)).values():
        parameter = item.parameter
        say(f"{parameter.name} = {parameter.format(item.value)}  ({origin_text(item)})")
        say(f"    {parameter.help}")
        say(f"    Takes {parameter.allowed}.")
    for name, value in FIXED_BY_SERVER.items():
        say(f"{name} is fixed at {value} by the model's server")
    return 0


def _rates(options: argparse.Namespace) -> int:
    _log_only_failures(options)
    card, learned = asyncio.run(app.current_rates(load_settings()))
    say(f"US dollars per million tokens ({card.origin}):")
    say(f"{'prompt tokens':>15} {'input':>9} {'cached':>15} {'output':>9}")
    for tier in card.tiers:
        cached = "not published" if tier.cached is None else f"{tier.cached}"
        say(f"{f'from {tier.from_tokens:,}':>15} {tier.input:>9} {cached:>15} {tier.output:>9}")
    say("Learned from what requests came to:")
    for sentence in learned:
        say(f"- {sentence}")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    _log_only_failures(options)
    return asyncio.run(_print_checks(load_settings(), app.configure(options.platforms), options.seconds))


async def _print_checks(settings: Settings, platforms: Sequence[app.ConfiguredPlatform], seconds: float) -> int:
    server = urlsplit(settings.model_url).netloc.rpartition("@")[2]
    remote = f"{settings.seed_model} at {server} ({settings.seed_wire} wire)"
    model = "the embedded model" if settings.uses_local_model else remote
    checked = _listed(*(platform.spec.title for platform in platforms), model)
    say(f"Checking {checked}; each check ends after {seconds:g} s:")
    broken = False
    async for check in app.check_all(settings, platforms, seconds=seconds):
        broken |= check.ok is False
        mark = {True: "ok", False: "BROKEN", None: "-"}[check.ok]
        say(f"{mark:>6}  {check.name:<15} {check.detail}")
        if check.fix:
            say(f"{'':>6}  {'':<15} -> {check.fix}")
    return EXIT_FAILED if broken else 0


def _listed(*things: str) -> str:
    """Write things as people list them: "a, b and c"."""
    *before, last = things
    return f"{', '.join(before)} and {last}" if before else last


def _seconds(text: str) -> float:
    """Read a time limit. Raises `ValueError`, which argparse tells."""
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ValueError(text)
    return seconds


def _usage(options: argparse.Namespace) -> int:
    _log_only_failures(options)
    settings, since = load_settings(), datetime.now(UTC) - timedelta(days=options.days)
    rows = [("our records", asyncio.run(app.spending(settings, since=since)))]
    if options.reconcile:
        ours, theirs = asyncio.run(app.reconcile(settings, since=since))
        rows = [("our records", ours), ("the provider", theirs)]
        gone = {name: getattr(theirs, name) - getattr(ours, name) for name in ("requests", "input", "cached", "output")}
        rows.append(("difference", Spending(**gone, cost=theirs.cost - ours.cost)))
    say(f"The last {quantity(options.days, 'day')}:")
    say(f"{'':<14} {'requests':>9} {'tokens in':>13} {'cached':>13} {'out':>11} {'US dollars':>12}")
    for name, sums in rows:
        counts = f"{sums.requests:>9,} {sums.input:>13,} {sums.cached:>13,} {sums.output:>11,}"
        say(f"{name:<14} {counts} {sums.cost:>12.6f}")
    if note := guesses(rows[0][1]):
        say(note)
    if options.reconcile and rows[-1][1] != Spending():
        say(UNLIKE)
    return 0


def _log_only_failures(options: argparse.Namespace) -> None:
    """Keep the log out of what a command prints, unless it is asked for."""
    for package in ("bot", "adapters", "storage"):
        logging.getLogger(package).setLevel(logging.DEBUG if options.verbose else logging.ERROR)


if __name__ == "__main__":
    sys.exit(main())
