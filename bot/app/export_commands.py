"""Add `seedling feedback` and `export` to the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.access.audit_trail import OPERATOR
from bot.app.clock import utc_now
from bot.app.database import open_database, open_timed_database
from bot.app.day_option import add_days
from bot.app.feedback_report import rating_as_json, report_lines
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.language import quantity
from bot.person_export import PersonExport, export_as_json, export_person, write_archive
from bot.ports import Commands
from bot.private_files import make_private_file
from bot.settings import Settings, load_settings
from bot.standard_streams import OutputLost, say, say_json
from bot.types import AuditRecord, Entrance, RatedAnswer

MOST_RATINGS: Final = 10_000
"""How many ratings are printed at once; whoever has more names fewer days."""

OWN_PLATFORMS: Final = ("local", "terminal")
"""What people write on that needs no account: the playground, and `seedling ask`."""


def add_export_commands(commands: Commands) -> None:
    """Add the commands to the command line."""
    command = add_command(
        commands,
        "feedback",
        "print thumbs by channel and week, and the answers found bad",
        "seedling feedback --days 7",
        "seedling feedback --json > rated.jsonl",
    )
    add_days(command)
    command.add_argument("--json", action="store_true", help="every rated answer as one JSON object on each line")
    command.set_defaults(command=_feedback)

    command = add_command(
        commands, "export", "write all that is kept of somebody, as JSON", "seedling export person slack U123 ada.json"
    )
    kinds = command.add_subparsers(title="kinds", metavar="KIND", required=True)
    kind = add_command(
        kinds,
        "person",
        "what somebody asked, said, rated, set and spent",
        "seedling export person slack U123 ada.json",
        "seedling export person local ada ada.zip",
    )
    kind.add_argument("platform")
    kind.add_argument("id", help="their id on that platform")
    kind.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="a file that does not exist yet, with their files if it ends in .zip; printed if left out",
    )
    kind.set_defaults(command=_export_person)


def _feedback(options: argparse.Namespace) -> int:
    rated = asyncio.run(_rated_answers(load_settings(), days=options.days))
    if options.json:
        for item in rated:
            say_json(rating_as_json(item))
    elif rated:
        say("\n".join(report_lines(rated)))
    else:
        say(f"Nobody has rated an answer in the last {quantity(options.days, 'day')}.")
    return 0


async def _rated_answers(settings: Settings, *, days: int) -> Sequence[RatedAnswer]:
    async with open_database(settings) as store:
        return await store.rated_answers(since=utc_now() - timedelta(days=days), limit=MOST_RATINGS)


def _export_person(options: argparse.Namespace) -> int:
    known = [*(spec.name for spec in options.platforms), *OWN_PLATFORMS]
    if options.platform not in known:
        raise InvalidInput(f"There is no platform {options.platform!r}; it is one of {', '.join(known)}.")
    if not options.file:
        say_json(export_as_json(_exported(options)), indent=2)
        return 0
    try:
        make_private_file(options.file)
    except FileExistsError:
        raise InvalidInput(f"{options.file} already exists; name another file.") from None
    except OSError as error:
        raise OutputLost(error) from error
    _write(options.file, options)
    say(f"Written, for its owner alone: {options.file}")
    return 0


def _exported(options: argparse.Namespace, archive: Path | None = None) -> PersonExport:
    return asyncio.run(_export(load_settings(), options.platform, options.id, archive))


async def _export(settings: Settings, platform: str, id: str, archive: Path | None) -> PersonExport:
    way = Entrance.COMMAND_LINE.value
    async with open_timed_database(settings) as (store, clock):
        record = AuditRecord(at=clock(), who=OPERATOR, place=platform, action="", what="", via=way)
        found = await export_person(store, record, platform, id)
        if archive is not None:
            await write_archive(archive, found, store)
        return found


def _write(file: Path, options: argparse.Namespace) -> None:
    """Write an export into an empty file, which goes if that fails."""
    try:
        if file.suffix.lower() == ".zip":
            _exported(options, archive=file)
            return
        text = json.dumps(export_as_json(_exported(options)), ensure_ascii=False, indent=2)
        file.write_text(f"{text}\n", encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        file.unlink(missing_ok=True)
        raise OutputLost(error) from error
    except BaseException:
        file.unlink(missing_ok=True)
        raise
