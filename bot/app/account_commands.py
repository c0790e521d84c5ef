"""Add `seedling accounts` to the command line."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys

from adapters.web.roles import GIVEN_ROLES, WebRole
from bot.command_help import add_command
from bot.errors import InvalidInput
from bot.ports import Commands
from bot.settings import load_settings
from bot.standard_streams import say


def add_account_commands(commands: Commands) -> None:
    """Add `seedling accounts` to the command line."""
    adding = "seedling accounts add ada --role operator"
    command = add_command(commands, "accounts", "say who may sign in to the web, and with which role", adding)
    kinds = command.add_subparsers(title="kinds", metavar="KIND", required=True)
    kind = add_command(kinds, "list", "print every account with its role", "seedling accounts list")
    kind.set_defaults(command=_list)
    kind = add_command(kinds, "add", "add an account, or give one another role or password", adding)
    kind.add_argument("name", help="a name, or the email address that an OpenID Connect provider knows")
    kind.add_argument("--role", choices=[role.word for role in GIVEN_ROLES], default=WebRole.MEMBER.word)
    kind.add_argument("--no-password", action="store_true", help="keep the password, or sign in by OpenID Connect only")
    kind.set_defaults(command=_add)
    kind = add_command(kinds, "remove", "remove an account and end its sign-ins", "seedling accounts remove ada")
    kind.add_argument("name")
    kind.set_defaults(command=_remove)


def _list(_: argparse.Namespace) -> int:
    from bot.app import accounts

    for account in asyncio.run(accounts.all_accounts(load_settings())):
        way = "password" if account.digest else "OpenID Connect only"
        say(f"{account.name:<40} {account.role.word:<14} {way}")
    return 0


def _add(options: argparse.Namespace) -> int:
    from adapters.web.frame.accounts import check_account, check_password
    from bot.app import accounts

    role = WebRole[options.role.upper()]
    check_account(options.name, role)
    password = None if options.no_password else _ask_password()
    if password is not None:
        check_password(password)
    account = asyncio.run(accounts.put_account(load_settings(), options.name, role, password))
    say(f"{account.name} may sign in as {role.word}.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    from bot.app import accounts

    was_there, ended = asyncio.run(accounts.remove_account(load_settings(), options.name))
    if not was_there:
        raise InvalidInput(f"There is no account {options.name!r}.")
    say(f"Removed {options.name}; sign-ins ended: {ended}.")
    return 0


def _ask_password() -> str:
    """Return a new password, asked twice where somebody types it. Raises `InvalidInput`."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("The same again: ") != password:
            raise InvalidInput("These are two different passwords; nothing was changed.")
    return password
