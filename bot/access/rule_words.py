"""Read what administrators say about access: "deny @Ada #general", "setting persona everyone". Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.access.roles import ROLE_WORDS
from bot.errors import InvalidInput, UsageError
from bot.language import gettext, gettext_noop
from bot.types import (
    ConversationKey,
    Entrance,
    Incoming,
    Mention,
    NewRule,
    PlaceKind,
    RuleId,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
)

GRAMMAR: Final = (
    "show | allow|deny WHO [WHERE] | manager [#channel] @person | administrator @person | "
    "setting NAME everyone|managers|admins|default | remove NUMBER"
)
WHO: Final = gettext_noop("@somebody, a group or role, `guests`, `strangers`, `bots` or `everybody`")
WHERE: Final = gettext_noop("`channel`, #another-channel, `direct` or `workspace`")
LONGEST: Final = 500
DEFAULT: Final = "default"

_SUBJECTS: Final[Mapping[str, SubjectKind]] = {
    "guests": SubjectKind.GUESTS,
    "strangers": SubjectKind.STRANGERS,
    "bots": SubjectKind.BOTS,
    "everybody": SubjectKind.EVERYBODY,
    "everyone": SubjectKind.EVERYBODY,
}
_PLACES: Final[Mapping[str, PlaceKind]] = {
    "channel": PlaceKind.CHANNEL,
    "here": PlaceKind.CHANNEL,
    "direct": PlaceKind.DIRECT,
    "workspace": PlaceKind.WORKSPACE,
    "server": PlaceKind.WORKSPACE,
    "user-installed": PlaceKind.USER_INSTALLED,
    "everywhere": PlaceKind.INSTALLATION,
}
_OPERATORS: Final = frozenset({PlaceKind.USER_INSTALLED, PlaceKind.INSTALLATION})

_NATIVE: Final = re.compile(
    r"<(?:@!?(?P<person>\w{1,40})|(?:@&|!subteam\^)(?P<group>\w{1,40})|#(?P<channel>\w{1,40}))(?:\|[^<>\s]{0,80})?>"
)
"""How the platforms themselves write a mention in what is typed behind a command."""

_BY_ID: Final = re.compile(r"(?P<kind>person|group|channel):(?P<id>[\w/@-]{1,100})", re.IGNORECASE)

Word = str | Mention


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRules:
    """Show the rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRule:
    """Remove a rule by its number."""

    id: RuleId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRole:
    """Open or close a parameter or command; None takes that back."""

    name: str
    word: str | None


AccessRequest = ShowRules | DropRule | ChangeRole | NewRule


def read_request(words: str, incoming: Incoming) -> AccessRequest:
    """Return what is asked for, about the place of `incoming`; without a workspace, about the whole installation.

    Raises `UsageError` and `InvalidInput`, which name what is wrong and the fix.
    """
    verb, *rest = read_words(words[:LONGEST], incoming.mentions) or ["show"]
    match verb.lower() if isinstance(verb, str) else "":
        case "show" | "list":
            return ShowRules()
        case "allow" | "deny" as kind:
            return _read_rule(RuleKind(kind), rest, incoming.key, _usual_place(incoming))
        case "manager":
            return _read_manager(rest, incoming.key)
        case "administrator" | "admin":
            return _read_administrator(rest, incoming.key)
        case "setting":
            return _read_setting(rest)
        case "remove":
            return _read_number(rest)
    raise UsageError(gettext("Usage: `/access {grammar}`.").format(grammar=GRAMMAR))


def read_words(text: str, mentions: Mapping[str, Mention]) -> list[Word]:
    """Split a text into words, what the platform knows as a mention being one word however many it has."""
    known = sorted(filter(None, mentions), key=len, reverse=True)
    words: list[Word] = []
    text = text.strip()
    while text:
        name = next((item for item in known if _begins_with(text, item)), "")
        word = name or text.split(None, 1)[0]
        words.append(mentions[name] if name else _read_word(word))
        text = text[len(word) :].strip()
    return words


def _begins_with(text: str, name: str) -> bool:
    return text.startswith(name) and not text[len(name) : len(name) + 1].strip()


def _read_word(word: str) -> Word:
    if match := _NATIVE.fullmatch(word):
        kind = match.lastgroup or ""
        return Mention(kind=kind, id=match[kind])  # type: ignore[arg-type]  # the groups have the names of the kinds
    if match := _BY_ID.fullmatch(word):
        return Mention(kind=match["kind"].lower(), id=match["id"])  # type: ignore[arg-type]  # one of the kinds
    return word


# ---------------------------------------------------------------- rules


def _usual_place(incoming: Incoming) -> RulePlace:
    """Return the place of a rule that names none: the workspace, on the command line what was named there."""
    if incoming.entrance is Entrance.COMMAND_LINE and incoming.key.channel:
        return _read_place("channel", incoming.key)
    return _whole(incoming.key)


def _read_rule(kind: RuleKind, words: Sequence[Word], key: ConversationKey, usual: RulePlace) -> NewRule:
    if not words:
        raise UsageError(
            gettext("Who? Name {who}, as in `/access {value} guests`.").format(who=gettext(WHO), value=kind.value)
        )
    subject, *rest = words
    where = [word for word in rest if not (isinstance(word, str) and word.lower() in {"in", "at"})]
    if len(where) > 1:
        raise UsageError(
            gettext("One place at a time: {where}. I do not know what {shown} means here.").format(
                where=gettext(WHERE), shown=_shown(where[1])
            )
        )
    place = _read_place(where[0], key) if where else usual
    return NewRule(kind=kind, subject=read_subject(subject, key), place=place)


def _read_manager(words: Sequence[Word], key: ConversationKey) -> NewRule:
    channels = [word for word in words if isinstance(word, Mention) and word.kind == "channel"]
    people = [word for word in words if word not in channels]
    if len(people) != 1 or len(channels) > 1:
        raise UsageError(gettext("Name a channel and a person or group: `/access manager #general @Ada`."))
    place = _read_place(channels[0] if channels else "channel", key)
    return NewRule(kind=RuleKind.MANAGER, subject=_read_holder(people[0], key), place=place)


def _read_administrator(words: Sequence[Word], key: ConversationKey) -> NewRule:
    if len(words) != 1:
        raise UsageError(gettext("Name one person or group: `/access administrator @Ada`."))
    return NewRule(kind=RuleKind.ADMINISTRATOR, subject=_read_holder(words[0], key), place=_whole(key))


def _read_holder(word: Word, key: ConversationKey) -> Subject:
    """Return who is given a role: a person or a group, never everybody."""
    subject = read_subject(word, key)
    if subject.kind not in {SubjectKind.PERSON, SubjectKind.GROUP}:
        raise InvalidInput(gettext("Only people and groups can manage or administer me. Name one with @."))
    return subject


def read_subject(word: Word, key: ConversationKey) -> Subject:
    """Return whom a word means. Raises `InvalidInput` for nobody."""
    if isinstance(word, str):
        if kind := _SUBJECTS.get(word.lower()):
            return Subject(kind=kind)
        raise InvalidInput(
            gettext(
                "I do not know who {shown} is. Name {who}; choose names from the list that opens when you "
                "type @, or give an id as in `person:ID` or `group:ID`."
            ).format(shown=_shown(word), who=gettext(WHO))
        )
    if word.kind == "channel":
        raise InvalidInput(gettext("A channel is a place and nobody. Name {who} before it.").format(who=gettext(WHO)))
    id = word.id if key.platform else _whole_id(word)
    return Subject(kind=SubjectKind(word.kind), id=id if "/" in id else f"{key.platform}/{id}")


def _whole_id(word: Mention) -> str:
    if "/" not in word.id:
        raise InvalidInput(
            gettext("Say on which platform, as in `{kind}:slack/{id}`.").format(kind=word.kind, id=word.id)
        )
    return word.id


def _read_place(word: Word, key: ConversationKey) -> RulePlace:
    if isinstance(word, Mention):
        if word.kind != "channel":
            raise InvalidInput(
                gettext("One person or group at a time, and then a place: {where}.").format(where=gettext(WHERE))
            )
        return RulePlace(kind=PlaceKind.CHANNEL, key="/".join(filter(None, (key.platform, key.workspace, word.id))))
    kind = _PLACES.get(word.lower())
    if kind is None:
        raise InvalidInput(
            gettext("I do not know the place {shown}. There are {where}.").format(
                shown=_shown(word), where=gettext(WHERE)
            )
        )
    if kind in _OPERATORS and key.workspace:
        raise InvalidInput(
            gettext(
                "That reaches beyond this workspace, so whoever runs me does it on the command line: `seedling access`."
            )
        )
    return RulePlace(kind=kind, key=_key_of(kind, key))


def _key_of(kind: PlaceKind, key: ConversationKey) -> str:
    """Return the key of a place of some kind around a conversation. Raises `InvalidInput` where there is none."""
    workspace = key.workspace_key if key.workspace else ""
    match kind:
        case PlaceKind.CHANNEL if key.channel:
            return f"{workspace}/{key.channel}"
        case PlaceKind.WORKSPACE if workspace:
            return workspace
        case PlaceKind.DIRECT:
            return workspace or key.platform
        case PlaceKind.USER_INSTALLED:
            return key.platform
        case PlaceKind.INSTALLATION:
            return ""
    raise InvalidInput(gettext("Say which one with --at PLATFORM/WORKSPACE[/CHANNEL], as the log names it."))


def _whole(key: ConversationKey) -> RulePlace:
    """Return the widest place that is spoken of: the workspace, or the whole installation."""
    kind = PlaceKind.WORKSPACE if key.workspace else PlaceKind.INSTALLATION
    return RulePlace(kind=kind, key=_key_of(kind, key))


# ---------------------------------------------------------------- what may be changed, and what is removed


def _read_setting(words: Sequence[Word]) -> ChangeRole:
    said = [word.lower() for word in words if isinstance(word, str)]
    if len(said) != 2 or len(words) != 2 or said[1] not in {*ROLE_WORDS, DEFAULT}:
        raise UsageError(
            gettext("Say what and who may change it: `/access setting persona everyone|managers|admins|default`.")
        )
    name, word = said
    return ChangeRole(name=name.replace("-", "_"), word=None if word == DEFAULT else word)


def _read_number(words: Sequence[Word]) -> DropRule:
    digits = words[0].lstrip("#") if len(words) == 1 and isinstance(words[0], str) else ""
    if not (digits.isdecimal() and digits.isascii()) or len(digits) > len(str(2**63)) - 1:
        raise UsageError(
            gettext("Name the rule by its number, as in `/access remove 3`. `/access show` shows the numbers.")
        )
    return DropRule(id=int(digits))


def _shown(word: Word) -> str:
    text = word if isinstance(word, str) else f"{word.kind}:{word.id}"
    return f"`{' '.join(text.replace('`', chr(39)).split())[:60]}`"
