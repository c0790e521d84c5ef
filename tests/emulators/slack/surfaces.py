"""What apps show beside messages: views, statuses, titles, prompts, sessions; and the keys that allow to answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.clock import MovableClock
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.world import Channel, Message, Person

Json = dict[str, Any]
Place = tuple[str, str]  # channel and thread

TRIGGER_S = 3.0  # a trigger_id expires after three seconds (interactivity reference)
RESPONSE_URL_S = 1_800.0  # response_url: five uses within thirty minutes
RESPONSE_URL_USES = 5
STATUS_S = 120.0  # a status clears after two minutes (assistant.threads.setStatus)
MOST_STACKED = 3  # views in a modal stack


@dataclass(slots=True, kw_only=True, eq=False)
class Trigger:
    """The right to open one view."""

    person: Person
    at: float
    used: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class ResponseUrl:
    """The right to answer where something was pressed or typed; `source` is the message it was pressed in."""

    person: Person
    channel: Channel
    at: float
    source: Message | None = None
    thread_ts: str = ""
    uses: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    """A modal or home tab as somebody sees it; `body` is what the app sent."""

    id: str
    person: Person
    team: str
    body: Json
    hash: str
    root_id: str = ""
    previous_id: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Status:
    """Status below a thread while the app works."""

    text: str
    loading: list[str]
    at: float


@dataclass(slots=True, kw_only=True)
class Session:
    """An agent's session in a thread."""

    status: str
    title: str = ""


class Surfaces:
    """All of it. `history` of statuses and sessions is in the order in which people saw it."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.statuses: dict[Place, Status] = {}
        self.titles: dict[Place, str] = {}
        self.prompts: dict[Place, list[Json]] = {}
        self.sessions: dict[Place, Session] = {}
        self.status_history: list[tuple[Place, str]] = []
        self.session_history: list[tuple[Place, str]] = []

    def new_trigger(self, person: Person) -> str:
        """A trigger for what this person just did."""
        id = f"{len(self.triggers) + 1}.{uuid.uuid4().int % 10**12}.{uuid.uuid4().hex}"
        self.triggers[id] = Trigger(person=person, at=self._clock.time())
        return id

    def use_trigger(self, id: str) -> Person:
        """Whose trigger it is; it is used up. Raises `SlackError`."""
        trigger = self.triggers.get(id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.time() - trigger.at > TRIGGER_S:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.person

    def new_response_key(self, right: ResponseUrl) -> str:
        """The secret part of a response_url."""
        key = uuid.uuid4().hex
        self.response_urls[key] = right
        return key

    def use_response(self, key: str) -> ResponseUrl | None:
        """The right behind a response_url; None when it is unknown, used up or expired."""
        right = self.response_urls.get(key)
        if right is None or right.uses >= RESPONSE_URL_USES or self._clock.time() - right.at > RESPONSE_URL_S:
            return None
        right.uses += 1
        return right

    def set_status(self, place: Place, text: str, loading: list[str]) -> None:
        """Show a status, or clear it."""
        self.status_history.append((place, text))
        if text:
            self.statuses[place] = Status(text=text, loading=loading, at=self._clock.time())
        else:
            self.statuses.pop(place, None)

    def status(self, place: Place) -> Status | None:
        """The status that people see now."""
        status = self.statuses.get(place)
        return status if status and self._clock.time() - status.at < STATUS_S else None

    def find_view(self, id: str, external_id: str) -> View:
        """A view that somebody sees. Raises `SlackError` (not_found)."""
        for view in [*self.homes.values(), *(item for stack in self.modals.values() for item in stack)]:
            if view.id == id or (external_id and view.body.get("external_id") == external_id):
                return view
        raise SlackError("not_found")
