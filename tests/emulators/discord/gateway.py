"""Sessions of the gateway: who hears which event, and what was missed while a connection was away."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.clock import MovableClock
from tests.emulators.discord.options import Options
from tests.emulators.discord.snowflakes import TIME_SHIFT
from tests.emulators.discord.specification import Specification
from tests.emulators.discord.world import Payload

# Gateway opcodes (topics/opcodes-and-status-codes).
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS = 0, 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11

# Intents by what they let through (events/gateway, list of intents).
GUILDS, GUILD_MEMBERS, GUILD_PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS, GUILD_TYPING = 1 << 9, 1 << 10, 1 << 11
DIRECT_MESSAGES, DIRECT_REACTIONS, DIRECT_TYPING, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 14, 1 << 15
ALL_INTENTS = (1 << 26) - 1
SESSION_STARTS_A_DAY = 1_000  # platform reference, 2.7


class Line:
    """The way to one client; a connection implements it."""

    def push(self, frame: Payload | str) -> None:
        """Send a frame, in order; text goes out as it is."""
        raise NotImplementedError

    def close(self, code: int) -> None:
        """Close with a close code, after what was pushed."""
        raise NotImplementedError

    def cut(self) -> None:
        """Break the connection at once."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One session: lives on when its connection breaks, until it is ended. `events` counts what it was told by name."""

    id: str
    shard: int
    shards: int
    intents: int
    keep: int
    line: Line | None = None
    seq: int = 0
    log: deque[Payload] = field(default_factory=deque)
    ended: bool = False
    resumes: int = 0

    def hears(self, guild_id: int | None) -> bool:
        """Whether events of that guild, or direct messages, belong to this shard."""
        return not self.ended and ((guild_id or 0) >> TIME_SHIFT) % self.shards == self.shard

    def tell(self, name: str, body: Payload) -> Payload:
        """Number an event, keep it for RESUME and send it when there is a connection."""
        self.seq += 1
        frame = {"op": DISPATCH, "t": name, "s": self.seq, "d": body}
        self.log.append(frame)
        while len(self.log) > self.keep:
            self.log.popleft()
        if self.line is not None:
            self.line.push(frame)
        return frame

    def can_resume_from(self, seq: int) -> bool:
        """Whether everything after `seq` is still there."""
        return not self.ended and seq <= self.seq and (not self.log or seq >= self.log[0]["s"] - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """One IDENTIFY that came in; `accepted` is False for one that came too soon or asked for too much."""

    at: float
    shard: int
    shards: int
    intents: int
    accepted: bool


Fit = Callable[[Session], Payload]


class Gateway:
    """All sessions."""

    def __init__(self, options: Options, clock: MovableClock, specification: Specification) -> None:
        self._options = options
        self._clock = clock
        self._specification = specification
        self.sessions: dict[str, Session] = {}
        self.lines: set[Line] = set()
        self.identifies: list[Identify] = []
        self.resumes = 0
        self.failed_resumes = 0
        self.closings: list[int] = []

    @property
    def connected(self) -> list[Session]:
        """The sessions that have a connection."""
        return [session for session in self.sessions.values() if session.line is not None]

    def dispatch(self, name: str, fit: Fit | Payload, *, guild_id: int | None, intent: int = 0) -> None:
        """Tell an event to every session that may hear it; `intent` 0 is heard by all, `fit` shapes it for each."""
        for session in self.sessions.values():
            if session.hears(guild_id) and (not intent or session.intents & intent):
                self.tell(session, name, fit(session) if callable(fit) else fit)

    def tell(self, session: Session, name: str, body: Payload) -> None:
        """Tell an event to one session."""
        self._specification.check_event(session.tell(name, body))

    def garble(self, name: str, body: Any) -> None:
        """Tell every session an event that no specification allows.

        Discord does this when it changes something: fields that were always there are missing, empty or of another
        type (Rapptz/discord.py issues 2422, 5109, 7501 and 9969 each took bots down).
        """
        for session in self.connected:
            session.tell(name, body)

    def say(self, text: str) -> None:
        """Send a frame that is no event at all to every connection."""
        for session in self.connected:
            assert session.line is not None
            session.line.push(text)

    def open(self, line: Line, frame: Mapping[str, Any]) -> Session | int:
        """A session for an IDENTIFY, or the close code, or 0 for "invalid session" when it comes too soon."""
        shard, shards = frame.get("shard") or (0, 1)
        intents = int(frame["intents"])
        refusal = self._refusal(frame, int(shard), int(shards), intents)
        soon = refusal is None and self._too_soon(int(shard))
        accepted = refusal is None and not soon
        self.identifies.append(
            Identify(at=self._clock.time(), shard=int(shard), shards=int(shards), intents=intents, accepted=accepted)
        )
        if refusal is not None:
            return refusal
        if soon:
            return 0
        session = Session(
            id=secrets.token_hex(16),
            shard=int(shard),
            shards=int(shards),
            intents=intents,
            keep=self._options.resume_events,
            line=line,
        )
        self.sessions[session.id] = session
        return session

    def _refusal(self, frame: Mapping[str, Any], shard: int, shards: int, intents: int) -> int | None:
        """The close code for an IDENTIFY that cannot be accepted (topics/opcodes-and-status-codes)."""
        if frame["token"].removeprefix("Bot ") != self._options.token:
            return 4004
        if not 0 <= shard < shards:
            return 4010
        if intents & ~ALL_INTENTS:
            return 4013
        return 4014 if intents & self._forbidden else None

    @property
    def _forbidden(self) -> int:
        options = self._options
        switches = (
            (GUILD_MEMBERS, options.members),
            (GUILD_PRESENCES, options.presences),
            (MESSAGE_CONTENT, options.message_content),
        )
        return sum(bit for bit, on in switches if not on)

    def _too_soon(self, shard: int) -> bool:
        """Whether the concurrency key of this shard was used within the interval."""
        key = shard % self._options.max_concurrency
        since = self._clock.time() - self._options.identify_interval_s
        return any(
            identify.accepted and identify.at > since and identify.shard % self._options.max_concurrency == key
            for identify in self.identifies
        )

    def starts_left(self) -> int:
        """How many sessions may still be started today."""
        since = self._clock.time() - 86_400
        return max(0, SESSION_STARTS_A_DAY - sum(identify.at > since for identify in self.identifies))

    def resume(self, line: Line, frame: Mapping[str, Any]) -> Session | int:
        """The session to go on with after its missed events, or a close code, or 0 for "invalid session"."""
        if frame["token"].removeprefix("Bot ") != self._options.token:
            return 4004
        session = self.sessions.get(frame["session_id"])
        seq = int(frame["seq"] or 0)
        if session is None or not session.can_resume_from(seq):
            self.failed_resumes += 1
            return 0
        if session.line is not None and session.line is not line:
            session.line.cut()
        session.line = line
        session.resumes += 1
        self.resumes += 1
        for item in session.log:
            if item["s"] > seq:
                line.push(item)
        return session

    def lost(self, line: Line, *, clean: bool) -> None:
        """A connection is gone; after a clean end (codes 1000 and 1001) its session is over."""
        self.lines.discard(line)
        for session in self.sessions.values():
            if session.line is line:
                session.line = None
                session.ended = session.ended or clean

    def cut(self, sessions: Sequence[Session] | None = None) -> int:
        """Break the connections of `sessions` (None: all) at once; how many there were."""
        lines = [item.line for item in (self.connected if sessions is None else sessions) if item.line]
        for line in lines:
            line.cut()
        return len(lines)

    def ask_to_reconnect(self) -> None:
        """Send op 7 to everybody, who are to reconnect and resume."""
        for session in self.connected:
            assert session.line is not None
            session.line.push({"op": RECONNECT, "d": None, "s": None, "t": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send op 9 to everybody; unless `resumable`, their sessions are over."""
        for session in self.connected:
            assert session.line is not None
            session.ended = not resumable
            session.line.push({"op": INVALID_SESSION, "d": resumable, "s": None, "t": None})
