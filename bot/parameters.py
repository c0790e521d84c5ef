"""The table of parameters: everything that people can set, said once.

Commands, forms, help texts, docs and checks are all derived from `PARAMETERS`. Ranges and defaults of the model's own
parameters are those of its product page; temperature and top_p are fixed by the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.access.roles import Role, ScopeKind
from bot.errors import InvalidInput, InvalidValue
from bot.language import (
    ENGLISH,
    gettext,
    gettext_noop,
    language_meant,
    languages,
    listed,
    number,
    pgettext,
    pgettext_noop,
    without_noun,
)
from bot.typed_values import list_text, read_list, read_number, unquoted
from bot.types import EMPTY, ParameterValue

Kind = Literal["integer", "number", "boolean", "choice", "list", "text"]

OPEN: Mapping[str, Role] = {"workspace": Role.ADMINISTRATOR}
"""Whoever takes part sets it for a thread, everybody for a channel."""

MANAGED: Mapping[str, Role] = {**OPEN, "channel": Role.MANAGER}
"""Managers set for a channel what changes it for everybody there."""

GUARDED: Mapping[str, Role] = {**OPEN, "channel": Role.ADMINISTRATOR, "conversation": Role.ADMINISTRATOR}

YES = frozenset({"yes", "true", "on", "1", "y", "✅"})
NO = frozenset({"no", "false", "off", "0", "n", "❌"})
YES_TYPED = (pgettext_noop("typed", "yes"), pgettext_noop("typed", "on"))
NO_TYPED = (pgettext_noop("typed", "no"), pgettext_noop("typed", "off"))
"""What people type in their language."""

LANGUAGE = "language"
UNSET = "unset"
"""How a parameter is shown that has no value; typed as a value, without quotes, it takes the value away."""

UNSET_WORDS = frozenset({"none", UNSET, "default"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Place where a value is set; `key` names the workspace, channel or conversation ("" for default and turn)."""

    kind: ScopeKind
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """Values that somebody changed at a scope, by name, as canonical text or None where nothing was set."""

    scope: Scope
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing that people can set; `roles` are those that it needs, by scope.

    `wire` says that it is sent to Seed, under its own name. `standard` tells by protocol ("chat", "responses",
    "messages") how every server of that protocol calls it; where it is missing, only Seed gets it.
    """

    name: str
    kind: Kind
    help: str
    default: ParameterValue | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    wire: bool = True
    standard: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    roles: Mapping[str, Role] = field(default_factory=lambda: OPEN)

    @property
    def is_for_turns(self) -> bool:
        """Return whether whoever asks may set it for one answer: not what bounds what they may do."""
        return self.roles.get("conversation", Role.MEMBER) is Role.MEMBER

    @property
    def allowed(self) -> str:
        """The range in words, as in "a whole number from 1 to 65,536"."""
        match self.kind:
            case "boolean":
                return gettext("yes or no")
            case "choice":
                return listed(self.choices, either=True)
            case "list":
                return gettext("up to {high:g} values separated by commas, in quotes where they hold commas").format(
                    high=self.high
                )
            case "text":
                return gettext("text of at most {high} characters").format(high=number(self.high or 0))
            case "integer" | "number":
                word = gettext("a whole number") if self.kind == "integer" else gettext("a number")
                return gettext("{word} from {low} to {high}").format(
                    word=word, low=number(self.low or 0), high=number(self.high or 0)
                )

    def accepts(self, text: str) -> bool:
        """Return whether `text` means a value."""
        return self._read(text.strip()) is not None

    def parse(self, text: str) -> ParameterValue:
        """Return the value that `text` means. Raises `InvalidValue` naming the parameter, the value and the range."""
        value = self._read(text.strip())
        if value is None:
            raise InvalidValue(self.name, text, self.allowed)
        return value

    def format(self, value: ParameterValue | None) -> str:
        """Return the canonical text of a value, which `parse` reads back; "unset" for None."""
        match value:
            case None:
                return UNSET
            case bool():
                return "yes" if value else "no"
            case tuple():
                return list_text(value)
            case float():
                return f"{value:g}"
            case _:
                return str(value)

    def _read(self, text: str) -> ParameterValue | None:
        if self.kind not in {"list", "text"}:
            text = unquoted(text).rstrip("!;,") if self.kind in {"integer", "number"} else unquoted(text).rstrip(".!;,")
        match self.kind:
            case "boolean":
                return _read_boolean(text.lower())
            case "choice":
                word = language_meant(text) if self.name == LANGUAGE else text.lower()
                return word if word in self.choices else None
            case "list":
                items = read_list(text)
                return items if items and len(items) <= (self.high or 0) else None
            case "text":
                return text if text and len(text) <= (self.high or 0) else None
            case "integer" | "number":
                return self._read_number(text)

    def _read_number(self, text: str) -> int | float | None:
        value = read_number(without_noun(text, self.name), whole=self.kind == "integer")
        if value is None or not (self.low or 0) <= float(value) <= (self.high or 0):
            return None
        if self.kind == "integer":
            return int(value) if value == int(value) else None
        return float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """A parameter's value in force and the scope that it comes from; None when it is unset everywhere."""

    parameter: Parameter
    value: ParameterValue | None
    origin: ScopeKind


PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            name="max_tokens", kind="integer", low=1, high=65_536, default=4_096,
            standard={"chat": "max_tokens", "responses": "max_output_tokens", "messages": "max_tokens"},
            help=gettext_noop("The most tokens an answer may have, reasoning included."),
        ),
        Parameter(
            name="frequency_penalty", kind="number", low=-2, high=2, standard={"chat": "frequency_penalty"},
            help=gettext_noop("Above 0, the answer repeats the same words less. Sent only when set."),
        ),
        Parameter(
            name="presence_penalty", kind="number", low=-2, high=2, standard={"chat": "presence_penalty"},
            help=gettext_noop("Above 0, the answer moves on to new topics sooner. Sent only when set."),
        ),
        Parameter(
            name="stop", kind="list", high=16, standard={"chat": "stop", "messages": "stop_sequences"},
            help=gettext_noop("Texts at which the answer stops. Sent only when set."),
        ),
        Parameter(
            name="enable_thinking", kind="boolean", default=True,
            help=gettext_noop("Whether the model thinks before it answers."),
        ),
        Parameter(
            name="reasoning_effort", kind="choice", choices=("low", "medium", "high"), default="medium",
            help=gettext_noop("How long the model thinks. Not sent when thinking is off."),
        ),
        Parameter(
            name="enable_web_search", kind="boolean", default=False,
            help=gettext_noop(
                "Whether the model may search the web for every answer. The search command does it for "
                "one."
            ),
        ),
        Parameter(
            name="enable_caching", kind="boolean", default=True,
            help=gettext_noop(
                "Whether the provider may cache what was sent before, which makes later answers "
                "cheaper."
            ),
        ),
        Parameter(
            name="image_detail", kind="choice", choices=("low", "high", "xhigh"), default="high",
            help=gettext_noop("How closely pictures are looked at. More detail costs more tokens."),
        ),
        Parameter(
            name="video_fps", kind="number", low=0.2, high=5,
            help=gettext_noop("How many frames per second of a video are looked at. Sent only when set."),
        ),
        Parameter(
            name="context", kind="choice", choices=("economy", "normal", "long", "full"),
            default="normal", wire=False, roles=MANAGED,
            help=gettext_noop(
                "How much of a conversation the model sees: economy 4K, normal 16K, long 64K tokens, full "
                "all."
            ),
        ),
        Parameter(
            name="memory", kind="boolean", default=True, wire=False,
            help=gettext_noop("Whether I keep notes on older messages that the model no longer sees."),
        ),
        Parameter(
            name="direct_idle_hours", kind="integer", low=0, high=8_760, default=8, wire=False,
            help=gettext_noop(
                "Hours of silence after which a direct message starts afresh, with only my notes on the talk before. "
                "0 never does."
            ),
        ),
        Parameter(
            name="persona", kind="text", high=4_000, wire=False, roles=MANAGED,
            help=gettext_noop("Who the assistant is and how it speaks. Replaces the built-in description."),
        ),
        Parameter(
            name="answer_in", kind="choice", choices=("thread", "reply", "channel"), default="thread",
            wire=False, roles=MANAGED,
            help=gettext_noop(
                "Where a question in a channel is answered: in a thread, as a reply, or in the channel "
                "itself."
            ),
        ),
        Parameter(
            name="answer_messages", kind="integer", low=1, high=50, wire=False, roles=MANAGED,
            help=gettext_noop(
                "How many messages an answer may have; a longer one is a first page and a file. Unset: 5 on Discord, "
                "3 on Slack."
            ),
        ),
        Parameter(
            name="notify", kind="boolean", default=True, wire=False,
            help=gettext_noop("Whether I notify you once when an answer is complete that took more than 30 seconds."),
        ),
        Parameter(
            name=LANGUAGE, kind="choice", choices=tuple(languages()), default=ENGLISH, wire=False, roles=MANAGED,
            help=gettext_noop("In which language I speak to people of whom the platform does not tell theirs."),
        ),
        Parameter(
            name="follow_ups", kind="choice", choices=("auto", "always", "mentioned", "off"), default="auto",
            wire=False, roles=MANAGED,
            help=gettext_noop(
                "Which later messages in a thread I answer: those meant for me, all, those that mention "
                "me, none."
            ),
        ),
        Parameter(
            name="channel_context", kind="integer", low=0, high=50, default=10, wire=False, roles=MANAGED,
            help=gettext_noop(
                "How many of the newest messages of a channel a question outside threads brings along; 0 "
                "for none."
            ),
        ),
        Parameter(
            name="hello", kind="boolean", default=True, wire=False, roles=MANAGED,
            help=gettext_noop("Whether I say how to ask me to who adds me to a channel."),
        ),
        Parameter(
            name="strangers", kind="choice", choices=("answer", "ignore"), default="ignore", wire=False, roles=GUARDED,
            help=gettext_noop("Whether people of other organisations are answered in channels shared with them."),
        ),
        Parameter(
            name="bots", kind="list", high=50, wire=False, roles=GUARDED,
            help=gettext_noop(
                "Ids of other bots and apps that may ask by mentioning me. Without any, no bot is "
                "answered."
            ),
        ),
        Parameter(
            name="questions_per_minute", kind="integer", low=1, high=1_000, default=10, wire=False, roles=GUARDED,
            help=gettext_noop("The most questions that one person may ask within a minute."),
        ),
        Parameter(
            name="questions_per_hour", kind="integer", low=1, high=10_000, default=100, wire=False, roles=GUARDED,
            help=gettext_noop("The most questions that one person may ask within an hour."),
        ),
        Parameter(
            name="answers_per_person", kind="integer", low=1, high=100, default=2, wire=False, roles=GUARDED,
            help=gettext_noop("How many answers to one person are written at the same time."),
        ),
        Parameter(
            name="answers_per_channel", kind="integer", low=1, high=1_000, default=10, wire=False, roles=GUARDED,
            help=gettext_noop("How many answers in one channel are written at the same time."),
        ),
        Parameter(
            name="show_cost", kind="boolean", default=True, wire=False,
            help=gettext_noop("Whether the line under an answer shows what it cost."),
        ),
        Parameter(
            name="bots_in_summaries", kind="boolean", default=False, wire=False,
            help=gettext_noop("Whether summaries include what other bots wrote."),
        ),
        Parameter(
            name="retention", kind="integer", low=0, high=3_650, wire=False, roles=GUARDED,
            help=gettext_noop(
                "Days without a question after which I delete my own copy of a conversation; 0 keeps "
                "it."
            ),
        ),
    )
}  # fmt: skip

WIRE_PARAMETERS: Sequence[str] = tuple(name for name, parameter in PARAMETERS.items() if parameter.wire)
"""The names of those that are sent to the model, in the order in which requests carry them."""

FIXED_BY_SERVER: Mapping[str, str] = {"temperature": "1", "top_p": "0.95"}


def _read_boolean(word: str) -> bool | None:
    """Return what a word means, in English and in the language of who typed it."""
    if word in YES or word in {pgettext("typed", each) for each in YES_TYPED}:
        return True
    return False if word in NO or word in {pgettext("typed", each) for each in NO_TYPED} else None


def find(name: str) -> Parameter:
    """Return the parameter of that name. Raises `InvalidInput` saying what there is, or why it cannot be set."""
    key = name.strip().lower().replace("-", "_")
    if key in FIXED_BY_SERVER:
        raise InvalidInput(
            gettext(
                "{key} is fixed at {item} by the model's server and cannot be set. To steer the answer, try "
                "reasoning_effort, frequency_penalty or persona."
            ).format(key=key, item=FIXED_BY_SERVER[key])
        )
    if key not in PARAMETERS:
        raise InvalidInput(
            gettext("There is no parameter {name!r}. There are: {names}.").format(
                name=name, names=", ".join(PARAMETERS)
            )
        )
    return PARAMETERS[key]
