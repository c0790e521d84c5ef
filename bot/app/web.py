"""Say how people get into the web: from the settings, and from the accounts in the database."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from pathlib import Path

from adapters.web.frame import FrameOptions, WebRole
from adapters.web.frame.accounts import Account, Accounts, check_account, check_password
from adapters.web.frame.application import need_sign_in
from adapters.web.frame.identity import GIVEN_ROLES, PLATFORM
from adapters.web.frame.openid import ProviderOptions
from adapters.web.frame.sessions import Sessions
from bot.access.audit_trail import OPERATOR
from bot.app.core import utc_now
from bot.app.operator_commands import open_database
from bot.command_help import add_command
from bot.errors import ConfigError, InvalidInput
from bot.ports import Commands, Store
from bot.private_files import kept_secret
from bot.settings import Settings, load_settings, plain
from bot.standard_streams import say
from bot.types import AuditRecord, Entrance

SECRET_NAME = Path("secret_key")
"""What signs cookies while SECRET_KEY is not set: made once, so that people stay who they are over a restart."""


def frame_options(settings: Settings) -> FrameOptions:
    """Return what the web needs to know. Raises `ConfigError` for half a provider."""
    return FrameOptions(
        host=settings.host,
        password=plain(settings.console_password),
        secret=plain(settings.secret_key) or kept_secret(settings.state_folder / SECRET_NAME),
        provider=_provider(settings),
    )


def _provider(settings: Settings) -> ProviderOptions | None:
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_secret is None:
        raise ConfigError("OIDC_CLIENT_SECRET", "must be set beside OIDC_ISSUER")
    default = settings.oidc_default_role
    return ProviderOptions(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        default_role=WebRole[default.upper()] if default else WebRole.STRANGER,
    )


async def check_sign_in(settings: Settings, options: FrameOptions) -> None:
    """Raise `ConfigError` where the web would let other machines in without signing in."""
    if not settings.is_loopback and options.password is None and options.provider is None:
        async with open_database(settings) as store:
            await need_sign_in(options, Accounts(store))


# ---------------------------------------------------------------- the command line


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
    for account in asyncio.run(_accounts(load_settings())):
        way = "password" if account.digest else "OpenID Connect only"
        say(f"{account.name:<40} {account.role.word:<14} {way}")
    return 0


def _add(options: argparse.Namespace) -> int:
    role = WebRole[options.role.upper()]
    check_account(options.name, role)
    password = None if options.no_password else _ask_password()
    account = asyncio.run(put_account(load_settings(), options.name, role, password))
    say(f"{account.name} may sign in as {role.word}.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    was_there, ended = asyncio.run(remove_account(load_settings(), options.name))
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
    check_password(password)
    return password


async def _accounts(settings: Settings) -> list[Account]:
    async with open_database(settings) as store:
        return await Accounts(store).list()


async def put_account(settings: Settings, name: str, role: WebRole, password: str | None) -> Account:
    """Add or change an account; its sign-ins end, since they have the role and stand on the password of before."""
    async with open_database(settings) as store:
        before = await Accounts(store).find(name)
        account = await Accounts(store).put(name, role, password)
        await Sessions(store, utc_now).end_of(account.name)
        await _record(store, "account", account.name, before.role.word if before else "", role.word)
        return account


async def remove_account(settings: Settings, name: str) -> tuple[bool, int]:
    """Return whether there was such an account, which is gone, and how many of its sign-ins were ended."""
    async with open_database(settings) as store:
        before = await Accounts(store).find(name)
        if before is None or not await Accounts(store).remove(name):
            return False, 0
        await _record(store, "account", before.name, before.role.word, "")
        return True, await Sessions(store, utc_now).end_of(before.name)


async def _record(store: Store, action: str, what: str, before: str, after: str) -> None:
    record = AuditRecord(
        at=utc_now(),
        who=OPERATOR,
        place=PLATFORM,
        action=action,
        what=what,
        before=before,
        after=after,
        via=Entrance.COMMAND_LINE.value,
    )
    await store.record_audit(record)
