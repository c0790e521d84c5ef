"""The command line: `seedling`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path

from bot.exit_codes import EXIT_SIGNAL

COLLECTION_THRESHOLD = 50_000
"""How many more objects there are before garbage is looked for: at Python's 700, that takes a quarter of a start."""

IS_PROGRAM = __name__ == "__main__" or Path(sys.argv[0]).stem == "seedling"


def _on_interrupt(handler: Any) -> None:
    """Have Ctrl+C handled so, unless whoever started us wants it ignored."""
    if IS_PROGRAM and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def _leave(number: int, _frame: object) -> None:
    os._exit(EXIT_SIGNAL + number)


# Loading the rest takes a second, in which Ctrl+C would only show how far that has come.
_on_interrupt(_leave)
if IS_PROGRAM:
    gc.set_threshold(COLLECTION_THRESHOLD)

import argparse
import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, NoReturn

from bot.app.account_commands import add_account_commands
from bot.app.administration_commands import add_administration_commands
from bot.app.budget_command import add_budget_command
from bot.app.database import open_database
from bot.app.day_option import add_days
from bot.app.doctor_command import add_doctor_command
from bot.app.evaluation_command import add_evaluation_command
from bot.app.export_commands import add_export_commands
from bot.app.maintenance_commands import add_upkeep_commands
from bot.app.own_history import add_own, chosen_settings
from bot.app.platform_registry import PLATFORMS, configure, load_specs
from bot.app.program_input import place_of, readable
from bot.app.question_commands import add_question_commands
from bot.app.shell_completion import add_completion_command
from bot.app.stop_signals import Interrupted
from bot.command_help import add_command, log_only_failures
from bot.commands.parameter_text import origin_text, parameters_table
from bot.errors import BotError, ConfigError, InvalidInput, StorageError
from bot.exit_codes import EXIT_AWAY, EXIT_BUG, EXIT_CONFIG, EXIT_FAILED, EXIT_OUTPUT_LOST, EXIT_USAGE, EXPLANATION
from bot.language import capitalised
from bot.logs import configure_logging
from bot.parameters import FIXED_BY_SERVER
from bot.ports import Commands, PlatformSpec
from bot.settings import Settings, load_settings
from bot.standard_streams import (
    OutputLost,
    finish_streams,
    mention,
    note,
    prepare_streams,
    say,
)
from bot.types import Spending

EXIT_CODES: Sequence[tuple[type[BotError], int]] = (
    (ConfigError, EXIT_CONFIG),
    (InvalidInput, EXIT_USAGE),
    (StorageError, EXIT_AWAY),
)

DESCRIPTION = """\
Seedling puts the Seed 2.0 Lite model into team chat.

Without any setting, 'seedling run' opens a playground in the browser, where a small local model answers.
Settings come from the environment or from a file .env; .env.example explains each."""

UNLIKE = """\
Only the provider counts the requests of 'seedling doctor' and other uses of the same account. Only our records have
estimates, for requests whose end nobody told us."""


def main(arguments: Sequence[str] | None = None, *, platforms: Sequence[str] = PLATFORMS) -> int:
    """Run one command; the exit code. Every expected failure is one line on standard error.

    `platforms` are the modules of the chat platforms that there are. Whoever reads the output may go: that is no
    failure, and nothing is said of it.
    """
    prepare_streams()
    options: argparse.Namespace | None = None
    try:
        _on_interrupt(signal.default_int_handler)
        options = readable(build_parser(load_specs(platforms)).parse_args(arguments))
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
    except (KeyboardInterrupt, Interrupted) as interrupted:
        return EXIT_SIGNAL + int(getattr(interrupted, "number", signal.SIGINT))
    except Exception as error:  # of a command, not of a turn; its words may quote what people wrote
        note(f"seedling: this is a bug ({type(error).__name__}, {place_of(error)}); --verbose shows more of it")
        if options is not None and options.verbose:
            raise
        return EXIT_BUG
    finally:
        _on_interrupt(_leave)
        finish_streams()
        if IS_PROGRAM:
            gc.freeze()  # or the interpreter looks through all that was loaded once more before it ends


class _Parser(argparse.ArgumentParser):
    """A parser, for all commands, whose complaints and help go out as everything else that is printed does."""

    def _print_message(self, message: str | None, file: Any = None) -> None:
        """Print help or a complaint; argparse itself says nothing of help that is lost. Raises `OutputLost`."""
        (say if file is sys.stdout else note)(message or "", end="")

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_USAGE, f"{self.prog}: {message}; '{self.prog} --help' tells how it is used\n")


def build_parser(platforms: Sequence[PlatformSpec[Any]]) -> argparse.ArgumentParser:
    """Every command with its options and help; the commands find the platforms in `options.platforms`."""
    parser = _Parser(
        prog="seedling",
        description=DESCRIPTION,
        epilog=f"example:\n  seedling ask 'Why is the sky blue?'\n\n{EXPLANATION}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seedling {version('seedling')}")
    parser.add_argument("--verbose", action="store_true", help="log more")
    parser.set_defaults(platforms=platforms)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serving_commands(commands, platforms)
    add_question_commands(commands)
    add_evaluation_command(commands)
    add_upkeep_commands(commands)
    add_administration_commands(commands)
    add_account_commands(commands)
    add_export_commands(commands)
    for platform in platforms:
        platform.add_commands(commands, open_database)
    _add_model_commands(commands, [platform.title for platform in platforms])
    add_completion_command(commands, parser)
    return parser


def _add_serving_commands(commands: Commands, platforms: Sequence[PlatformSpec[Any]]) -> None:
    command = add_command(
        commands,
        "run",
        "serve the playground and answer, all in one process",
        "seedling run",
        "PORT=9000 SEED_API_KEY_FILE=key.txt seedling run",
    )
    command.set_defaults(command=_run)

    command = add_command(commands, "web", "serve the playground; workers answer (PostgreSQL)", "seedling web")
    command.set_defaults(command=_web)

    for platform in platforms:
        command = add_command(
            commands,
            platform.name,
            f"listen to {platform.title}; workers answer (PostgreSQL)",
            f"seedling {platform.name}",
        )
        command.set_defaults(command=_listen, platform=platform)

    command = add_command(commands, "worker", "answer what other processes receive (PostgreSQL)", "seedling worker")
    command.set_defaults(command=_worker)

    command = add_command(commands, "migrate", "update the database to the newest schema", "seedling migrate")
    command.set_defaults(command=_migrate)


def _add_model_commands(commands: Commands, titles: Sequence[str]) -> None:
    command = add_command(
        commands,
        "params",
        "print the current parameters and where each value comes from",
        "seedling params slack/T1/C1",
    )
    command.add_argument(
        "place",
        nargs="?",
        default="",
        metavar="PLATFORM/WORKSPACE[/CHANNEL[/THREAD]]",
        help="where; the defaults if left out",
    )
    command.add_argument("--markdown", action="store_true", help="as a Markdown table, as in docs/parameters.md")
    command.set_defaults(command=_params)

    command = add_command(commands, "rates", "print the current prices and where they come from", "seedling rates")
    command.set_defaults(command=_rates)

    add_doctor_command(commands, titles)

    command = add_command(
        commands, "usage", "print what was used and what it cost", "seedling usage --days 7", "seedling usage --own"
    )
    add_days(command)
    command.add_argument("--month", action="store_true", help="this month, as the console counts it, in place of days")
    command.add_argument("--reconcile", action="store_true", help="compare with the provider's account")
    add_own(command)
    command.set_defaults(command=_usage)

    add_budget_command(commands)


# ---------------------------------------------------------------- the commands


def _begin_serving(options: argparse.Namespace) -> tuple[Settings, Callable[[str], None]]:
    """Return the settings, and how whoever watches the process is told; in JSON that is the log as well.

    Callers load what serves afterwards, so that what is set wrongly is told without waiting for it.
    """
    settings = load_settings()
    if settings.log_format == "text":
        return settings, mention
    configure_logging(verbose=options.verbose, as_json=True)
    return settings, logging.getLogger("bot").info


def _run(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    from bot.app import serve

    asyncio.run(serve.run(settings, configure(options.platforms), announce))
    return 0


def _web(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    from bot.app import serve

    asyncio.run(serve.serve_web(settings, configure(options.platforms), announce))
    return 0


def _listen(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    from bot.app import serve

    [platform] = configure([options.platform])
    asyncio.run(serve.listen(settings, platform, announce))
    return 0


def _worker(options: argparse.Namespace) -> int:
    settings, announce = _begin_serving(options)
    from bot.app import serve

    asyncio.run(serve.work(settings, configure(options.platforms), announce))
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from bot.app import operator_commands

    asyncio.run(operator_commands.migrate_database(load_settings()))
    say("The database is at the newest schema.")
    return 0


def _params(options: argparse.Namespace) -> int:
    from bot.app import operator_commands

    if options.markdown:
        say(parameters_table())
        return 0
    for item in asyncio.run(operator_commands.parameters_at(load_settings(), options.place)).values():
        parameter = item.parameter
        say(f"{parameter.name} = {parameter.format(item.value)}  ({origin_text(item)})")
        say(f"    {parameter.help}")
        say(f"    Takes {parameter.allowed}.")
    for name, value in FIXED_BY_SERVER.items():
        say(f"{name} is fixed at {value} by the model's server")
    return 0


def _rates(options: argparse.Namespace) -> int:
    from bot.app import operator_commands
    from bot.pricing import price_text

    log_only_failures(options)
    card, learned = asyncio.run(operator_commands.current_rates(load_settings()))
    say(f"US dollars per million tokens ({card.origin}):")
    say(f"{'prompt tokens':>15} {'input':>9} {'cached':>15} {'output':>9}")
    for tier in card.tiers:
        cached = "not published" if tier.cached is None else price_text(tier.cached)
        said = f"{price_text(tier.input):>9} {cached:>15} {price_text(tier.output):>9}"
        say(f"{f'from {tier.from_tokens:,}':>15} {said}")
    say("Learned from what requests came to:")
    for sentence in learned:
        say(f"- {sentence}")
    return 0


def _usage(options: argparse.Namespace) -> int:
    from bot.app import operator_commands
    from bot.commands.usage_report import guesses, last_days, this_month

    log_only_failures(options)
    settings, now = chosen_settings(options), datetime.now(UTC)
    span = this_month(now) if options.month else last_days(options.days, now)
    rows = [("our records", asyncio.run(operator_commands.spending(settings, since=span.since)))]
    if options.reconcile:
        ours, theirs = asyncio.run(operator_commands.reconcile(settings, since=span.since))
        rows = [("our records", ours), ("the provider", theirs)]
        gone = {name: getattr(theirs, name) - getattr(ours, name) for name in ("requests", "input", "cached", "output")}
        rows.append(("difference", Spending(**gone, cost=theirs.cost - ours.cost)))
    say(f"{capitalised(span.words)}:")
    say(f"{'':<14} {'requests':>9} {'tokens in':>13} {'cached':>13} {'out':>11} {'US dollars':>12}")
    for name, sums in rows:
        counts = f"{sums.requests:>9,} {sums.input:>13,} {sums.cached:>13,} {sums.output:>11,}"
        say(f"{name:<14} {counts} {sums.cost:>12.6f}")
    if note := guesses(rows[0][1]):
        say(note)
    if options.reconcile and rows[-1][1] != Spending():
        say(UNLIKE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
