"""Decide whether a message that is not addressed to the bot goes on with the talk with it. Pure. In five lines:

* What mentions, names or replies to others, a command of another bot, bare thanks: none is meant for the bot.
* As long as one person talks with the bot, everything else is.
* Among more people, one goes on with whom one talks with: whom one wrote to last, or who wrote to one since.
* The bot answers whoever wrote above it; thanks end a talk with others, and one is back in that with the bot.
* Who joins in talks with whoever wrote above them, but with the bot only to ask something.

A message begins with the name that it is for, "ada: ...", "@ada ..." or "ok ada ...", or is short and ends with it.
When in doubt, these rules answer one person and are silent among many. `benchmarks/follow_ups.py` measures them on
recorded threads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Final

from bot.chat.message_markdown import own_words, without_quotes
from bot.chat.reactions import is_assent, is_reaction
from bot.types import BOT, Utterance

TALK_LENGTH: Final = 32
"""How many messages before the newest are looked at."""

TEXT_LENGTH: Final = 500
"""How many characters of a message are searched for names; mentions further on are told by the platform."""

TO_SOMEBODY: Final = "addressed to somebody else"
TO_A_BOT: Final = "another bot's command"
REACTION: Final = "thanks or a reaction"
AMONG_PEOPLE: Final = "people talk with each other"

OWN_NAMES: Final = frozenset({"seedling", "bot"})
"""The names by which people call the bot everywhere, beside the one that it has where they are."""

_NOBODY: Final = "<nobody>"  # with whom somebody talks who joined in without asking
_UNKNOWN: Final = ""
_SHORTEST_NICKNAME: Final = 3
_SHORT: Final = 4  # words, as "see you there Ada"; longer messages end with names that they are about

_MENTION = re.compile(r"(?<![\w@./])@(\w[\w-]*)")
_CALLED_FIRST = re.compile(r"(?:\s*@\w[\w-]*(?![\w/.(])[,:]?)+")
_CALLED_LAST = re.compile(r",\s*(@\w[\w-]*)[\s?.!]*\Z")
_ORDINARY: Final = """
    can will may mark max bill rose april june august art grant hope joy faith grace the sue pat frank rich chase drew
    rob page dean price long short don an so in no bot und die der das im am un la le les mit per con
"""
_WORDS: Final = frozenset(_ORDINARY.split())
"""Names that are words as well: bare, without a mark or a comma, they call nobody."""

_GREETINGS: Final = frozenset({"hi", "hey", "hello", "hallo", "dear", "yes", "no"})

_COMMAND = re.compile(r"(?:[!/$%?]|;;)[a-z][\w-]+(?:\s+\S+){0,7}\s*\Z")
"""A command of the kind that bots have; longer messages are about one."""

_CALL = re.compile(r"\s*(?P<name>[^\s:,>\uff1a\uff0c\u3001]+)\s*(?:[:,>]+(?=\s|\Z)|[\uff1a\uff0c\u3001]|\s-+\s)")
_WORD = re.compile(r"[^\W_]+")
_EDGES = " \t\r\n.,;:!?()[]{}<>\"'`^|_*~-\u2026\u3002\u3001\uff0c\uff01\uff1f"
_QUESTION = re.compile(r"\?(?!\w)|[\uff1f\u061f]")


def reason_for_silence(
    said: Utterance, before: Sequence[Utterance], *, has_files: bool = False, own_name: str = ""
) -> str:
    """Return why `said` is not meant for the bot, "" when it is.

    `before` are the messages above it, oldest first, of which the newest `TALK_LENGTH` count; `own_name` is what the
    bot is called there.
    """
    talk = _Talk(own_name)
    for item in before[-TALK_LENGTH:]:
        talk.hear(item)
    addressees = talk.addressees(said)
    if BOT not in addressees and addressees:
        return TO_SOMEBODY
    if not addressees and _COMMAND.match(said.text.lstrip()) and not _QUESTION.search(said.text):
        return TO_A_BOT
    is_answer = bool(before) and before[-1].speaker == BOT and before[-1].asks and is_assent(own_words(said.text))
    if not has_files and not is_answer and is_reaction(own_words(said.text), talk.people_by_name):
        return REACTION
    if BOT in addressees or talk.people <= {said.speaker} or talk.partner(said) == BOT:
        return ""
    return AMONG_PEOPLE


def _is_greeting(word: str) -> bool:
    """Return whether a name may follow a word that a message begins with: "hi Ada", "ok Ada", "thanks Ada"."""
    return word.casefold().strip(_EDGES) in _GREETINGS or (word[:1].isalpha() and is_reaction(word))


class _Talk:
    """Record of who talks with whom, as far as it is known; names are kept by how people write them."""

    def __init__(self, own_name: str) -> None:
        self.people: set[str] = set()
        self._own_name = _WORD.findall(own_name.casefold())
        own = self._own_name if len(self._own_name) == 1 else []
        self.names: dict[str, str] = dict.fromkeys((*OWN_NAMES, *own), BOT)
        self._partners: dict[str, str] = {}
        self._with_bot: set[str] = set()
        self._newest = self._above = _UNKNOWN  # the two who wrote last

    def hear(self, said: Utterance) -> None:
        """Take in a message."""
        speaker, partner = said.speaker, self.partner(said)
        if partner == BOT:
            self._with_bot.add(speaker)
        if is_reaction(own_words(said.text), self.people_by_name):
            if speaker in self._with_bot:
                self._partners[speaker] = BOT
        elif partner != _UNKNOWN:
            self._partners |= {speaker: partner, partner: speaker}
        self._remember(said)

    @property
    def people_by_name(self) -> Set[str]:
        """Names of those who took part; that of the bot alone calls it."""
        return self.names.keys() - OWN_NAMES

    def partner(self, said: Utterance) -> str:
        """Return whom a message is for."""
        addressees, speaker = self.addressees(said), said.speaker
        if addressees:
            return BOT if BOT in addressees else min(addressees)
        above = self._newest if self._newest != speaker else self._above
        if speaker == BOT or speaker not in self._partners:
            joins_silently = speaker != BOT and above == BOT and not _QUESTION.search(own_words(said.text))
            return _NOBODY if joins_silently else above
        return self._partners[speaker]

    def addressees(self, said: Utterance) -> Set[str]:
        """Return whom a message is addressed to, by id: as the platform tells, else as its text does.

        Who is mentioned and took no part has no id: the name stands for it.
        """
        if said.addressees:
            return said.addressees - {said.speaker}
        text = without_quotes(said.text[:TEXT_LENGTH])
        named: set[str | None] = {self._called(name) for name in _MENTION.findall(text)}
        # Elsewhere an unknown one is code as often as a person.
        for calls in filter(None, (_CALLED_FIRST.match(text), _CALLED_LAST.search(text))):
            named.update(self._called(name) or f"@{name}" for name in _MENTION.findall(calls.group()))
        called = _CALL.match(text)
        if called:
            named.add(self._called(called["name"], abbreviated=True))
        words = text.split()
        begins = words[1:2] if words and _is_greeting(words[0]) else words[:1]
        bare = begins + words[-1:] if len(words) <= _SHORT else begins
        named.update(self._called(word) for word in bare if word.casefold().strip(_EDGES) not in _WORDS)
        named.add(BOT if self._begins_with_own_name(text) else None)
        return {item for item in named if item not in (None, said.speaker)}

    def _begins_with_own_name(self, text: str) -> bool:
        """Return whether a message begins with the bot's name of several words, as none of these alone calls it."""
        own = self._own_name
        return len(own) > 1 and _WORD.findall(text.casefold())[: len(own)] == own

    def _called(self, name: str, *, abbreviated: bool = False) -> str | None:
        """Return the id of whom a name means, None for nobody who took part."""
        name = name.casefold().strip(_EDGES + "@")
        if name in self.names or not abbreviated or len(name) < _SHORTEST_NICKNAME:
            return self.names.get(name)
        return next((id for known, id in self.names.items() if known.startswith(name)), None)

    def _remember(self, said: Utterance) -> None:
        if said.speaker != self._newest:
            self._newest, self._above = said.speaker, self._newest
        if said.speaker != BOT:
            self.people.add(said.speaker)
        whole = said.name.casefold().strip(_EDGES)
        for name in (whole, re.split(r"[\W_]+", whole, maxsplit=1)[0]):
            if len(name) >= _SHORTEST_NICKNAME or name == whole != "":
                self.names[name] = said.speaker
