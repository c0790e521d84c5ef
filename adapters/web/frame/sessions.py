"""Keep who is signed in: a random token in a cookie, of which the database has the digest and what stands behind it.

Any web process knows every sign-in, and ending one ends it everywhere at once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from adapters.web.frame.identity import PLATFORM
from adapters.web.roles import WebRole
from bot.ports import AdapterStateStore, Clock
from bot.types import Person

IDLE: Final = timedelta(hours=12)
"""After which a sign-in ends by itself."""

LIFETIME: Final = timedelta(days=30)
"""After which it ends however often it is used."""

SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is known when somebody was here last; the row is written no more often."""

KEPT_AGENT: Final = 200
_PREFIX: Final = "session/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in: of whom, by what (`method`), from where, when, and when it was used last.

    `mark` is what has to hold for it to stay good: a digest of the password of the installation, "" for the others.
    """

    id: str
    person: Person
    role: WebRole
    method: str
    began: datetime
    seen: datetime
    address: str = ""
    agent: str = ""
    account: str = ""
    mark: str = ""

    def is_over(self, now: datetime) -> bool:
        """Return whether it has ended by itself."""
        return now - self.seen >= IDLE or now - self.began >= LIFETIME


class Sessions:
    """The sign-ins of the installation. Any method can raise `StorageError`."""

    def __init__(self, state: AdapterStateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    async def begin(self, session: Session) -> str:
        """Keep a new sign-in under an id of its own; return the token for its cookie. Drops those that are over."""
        for old in await self.list():
            if old.is_over(self._clock()):
                await self.end(old.id)
        token = secrets.token_urlsafe(32)
        await self._state.put_state(PLATFORM, _name(_id_of(token)), _to_text(session))
        return token

    async def find(self, token: str) -> tuple[Session, bool] | None:
        """Return the sign-in of a token, and whether it was just noted that it is used; None where it has ended."""
        id = _id_of(token)
        text = await self._state.get_state(PLATFORM, _name(id))
        session = _from_text(id, text)
        now = self._clock()
        if session is None or session.is_over(now):
            return None
        if now - session.seen < SEEN_EVERY:
            return session, False
        used = replace(session, seen=now)
        # Swapped, so that one that is ended in this moment does not come back.
        return used, await self._state.swap_state(PLATFORM, _name(id), before=text, after=_to_text(used))

    async def list(self) -> list[Session]:
        """Return all sign-ins, the one that was used last in front."""
        found = await self._state.list_state(PLATFORM, prefix=_PREFIX)
        sessions = [_from_text(name.removeprefix(_PREFIX), text) for name, text in found.items()]
        return sorted((item for item in sessions if item is not None), key=lambda item: item.seen, reverse=True)

    async def end(self, id: str) -> bool:
        """End a sign-in; return whether there was one."""
        text = await self._state.get_state(PLATFORM, _name(id))
        return text is not None and await self._state.swap_state(PLATFORM, _name(id), before=text, after=None)

    async def end_of(self, account: str) -> int:
        """End every sign-in of an account; return how many there were."""
        return sum([await self.end(item.id) for item in await self.list() if item.account == account])


def _id_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _name(id: str) -> str:
    return _PREFIX + id


def _to_text(session: Session) -> str:
    kept = asdict(session) | {
        "person": [session.person.id, session.person.name],
        "role": session.role.word,
        "began": session.began.isoformat(),
        "seen": session.seen.isoformat(),
        "agent": session.agent[:KEPT_AGENT],
    }
    del kept["id"]
    return json.dumps(kept)


def _from_text(id: str, text: str | None) -> Session | None:
    """Return a sign-in as it was kept; one that cannot be read is none."""
    try:
        kept = json.loads(text or "")
        person_id, name = kept["person"]
        return Session(
            id=id,
            person=Person(id=person_id, name=name),
            role=WebRole[kept["role"].upper()],
            method=kept["method"],
            began=datetime.fromisoformat(kept["began"]),
            seen=datetime.fromisoformat(kept["seen"]),
            address=kept["address"],
            agent=kept["agent"],
            account=kept["account"],
            mark=kept["mark"],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
