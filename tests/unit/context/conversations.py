"""Conversations for the tests of the context: a transcript as the product keeps it, and what may happen to it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.context.system_prompt import notes_message, system_prompt
from bot.context.transcript import answer_entry, user_entry
from bot.context.view import View, WindowLimits
from bot.context.window import CacheBreak, Window, after, mark_prefix_broken, plan
from bot.pricing import RateCard, Tier
from bot.types import Conversation, Entry, NewEntry, Person, Role, StoredEntry, ThreadMessage

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
ADA = Person(id="U1", name="Ada")


def card(ratio: str = "0.2", *, boundary: int = 128_000, price: str = "0.31") -> RateCard:
    """Prices with one boundary between tiers."""
    base, share = Decimal(price), Decimal(ratio)
    tiers = (
        Tier(from_tokens=0, input=base, output=base * 8, cached=base * share),
        Tier(from_tokens=boundary, input=base * 2, output=base * 16, cached=base * 2 * share),
    )
    return RateCard(tiers=tiers, origin="test")


def limits(**changes: object) -> WindowLimits:
    """A large model at usual prices with a small floor, changed as told."""
    floors = {"economy": 500, "normal": 1_000, "long": 4_000}
    usual = WindowLimits(context_tokens=256_000, max_tokens=4_096, card=card(), floors=floors)
    return replace(usual, **changes)  # type: ignore[arg-type]  # names and types are those of Limits


def stored(entry: NewEntry, position: int) -> StoredEntry:
    """An entry as the store gives it back."""
    return StoredEntry(**{item.name: getattr(entry, item.name) for item in fields(NewEntry)}, position=position)


def sized(position: int, role: Role, tokens: int, at: datetime = START) -> StoredEntry:
    """An entry of so many estimated tokens."""
    return StoredEntry(
        id=f"{position}", entry=Entry(role=role, text=f"{position}"), tokens=tokens, at=at, position=position
    )


def question(tokens: int = 50, at: datetime = START) -> NewEntry:
    """A question of so many estimated tokens."""
    return NewEntry(id="q", entry=Entry(role="user", text="q"), tokens=tokens, at=at)


@dataclass
class Thread:
    """One conversation, run through the policy turn by turn as the manager does."""

    terms: WindowLimits = field(default_factory=limits)
    persona: str | None = None
    now: datetime = START
    conversation: Conversation = field(default_factory=Conversation)
    entries: list[StoredEntry] = field(default_factory=list)
    position: int = 0
    turns: int = 0

    def view(self, *texts: str) -> View:
        """What is known when these messages are asked together."""
        asked = []
        for number, text in enumerate(texts):
            message = ThreadMessage(message_id=f"{self.turns}.{number}", author=ADA, text=text, sent_at=self.now)
            asked.append(user_entry(message))
        return View(
            conversation=self.conversation,
            history=[entry for entry in self.entries if entry.position >= self.conversation.window_start],
            question=asked,
            system_prompt=system_prompt(self.persona),
            now=self.now,
            notes=notes_message(self.conversation.memory),
        )

    def ask(self, *texts: str, answer: str = "An answer.", pause: float = 60.0) -> tuple[View, Window]:
        """Ask after a pause, and store the question and its answer."""
        self.now += timedelta(seconds=pause)
        view = self.view(*texts)
        window = plan(view, self.terms)
        self.conversation = after(view, window)
        self.store(*view.question, answer_entry(self.turns, answer, self.now))
        self.turns += 1
        return view, window

    def store(self, *entries: NewEntry) -> None:
        """Append to the transcript."""
        for entry in entries:
            self.entries.append(stored(entry, self.position))
            self.position += 1

    def delete(self, index: int) -> None:
        """A person deletes a message; the window is broken when the last request carried it."""
        gone = self.entries.pop(index)
        if gone.position >= self.conversation.window_start:
            self.conversation = mark_prefix_broken(self.conversation, CacheBreak.DELETED)
