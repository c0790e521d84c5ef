"""Keep the accounts of the web: a name, a role, and the digest of a password (Argon2id)."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from adapters.web.frame.identity import PLATFORM
from adapters.web.roles import GIVEN_ROLES, WebRole
from bot.errors import InvalidInput
from bot.language import gettext
from bot.ports import AdapterStateStore
from bot.settings import LEAST_PASSWORD

LONGEST_PASSWORD: Final = 1_000
AT_ONCE: Final = 2
"""Passwords that are compared at the same time: each takes 64 MiB of memory and a core."""

_PREFIX: Final = "account/"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._+-]{0,63}(@[a-z0-9.-]{1,190})?")
_TAKEN: Final = frozenset({"seedling", "operator", "administrator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in; without a digest only by OpenID Connect, whose email address is the name then."""

    name: str
    role: WebRole
    digest: str = ""


class Accounts:
    """The accounts of the installation. Any method can raise `StorageError`."""

    def __init__(self, state: AdapterStateStore) -> None:
        self._state = state
        self._comparing = asyncio.Semaphore(AT_ONCE)

    async def list(self) -> list[Account]:
        """Return all accounts by name."""
        found = await self._state.list_state(PLATFORM, prefix=_PREFIX)
        return [_from_text(name.removeprefix(_PREFIX), text) for name, text in found.items()]

    async def find(self, name: str) -> Account | None:
        """Return an account, however its name is spelled."""
        text = await self._state.get_state(PLATFORM, _PREFIX + plain_account(name))
        return None if text is None else _from_text(plain_account(name), text)

    async def put(self, name: str, role: WebRole, password: str | None) -> Account:
        """Add an account or replace it; without a `password` it keeps the one that it has. Raises `InvalidInput`."""
        checked = check_account(name, role)
        before = await self.find(checked)
        digest = await self._digest(password) if password is not None else before.digest if before else ""
        account = Account(name=checked, role=role, digest=digest)
        await self._state.put_state(
            PLATFORM, _PREFIX + checked, json.dumps({"role": role.word, "digest": account.digest})
        )
        return account

    async def remove(self, name: str) -> bool:
        """Remove an account; return whether there was one."""
        stored = _PREFIX + plain_account(name)
        text = await self._state.get_state(PLATFORM, stored)
        return text is not None and await self._state.swap_state(PLATFORM, stored, before=text, after=None)

    async def verify(self, name: str, password: str) -> Account | None:
        """Return the account of a name whose password this is; a name that is none takes as long."""
        account = await self.find(name)
        digest = account.digest if account is not None and account.digest else await asyncio.to_thread(_nobodys)
        async with self._comparing:
            is_right = await asyncio.to_thread(_verify, digest, password[:LONGEST_PASSWORD])
        return account if account is not None and account.digest and is_right else None

    async def _digest(self, password: str) -> str:
        check_password(password)
        async with self._comparing:
            return await asyncio.to_thread(_hasher().hash, password)


def plain_account(name: str) -> str:
    """Return a name as accounts are stored under it."""
    return name.strip().casefold()[:256]


def check_account(name: str, role: WebRole) -> str:
    """Return the name of an account as it is stored. Raises `InvalidInput`."""
    plain = plain_account(name)
    if _NAME.fullmatch(plain) is None or plain in _TAKEN or plain.startswith("u-"):
        told = gettext("A name has letters, digits, dots and dashes, or is an email address; some are taken.")
        raise InvalidInput(told)
    if role not in GIVEN_ROLES:
        roles = ", ".join(item.word for item in GIVEN_ROLES)
        raise InvalidInput(gettext("A role is one of {roles}.").format(roles=roles))
    return plain


def check_password(password: str) -> None:
    """Raise `InvalidInput` for a password that is too short to keep people out, or absurdly long."""
    if not LEAST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(gettext("A password has at least {count} characters.").format(count=LEAST_PASSWORD))


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()  # the parameters of RFC 9106 for little memory


@cache
def _nobodys() -> str:
    return _hasher().hash("")


def _verify(digest: str, password: str) -> bool:
    try:
        return _hasher().verify(digest, password)
    except (VerificationError, InvalidHashError):
        return False


def _from_text(name: str, text: str) -> Account:
    kept = json.loads(text)
    return Account(name=name, role=WebRole[kept["role"].upper()], digest=kept["digest"])
