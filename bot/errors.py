"""Errors that cross a layer.

* BotError
  * ConfigError             the operator must fix a setting
  * InvalidInput            a person must ask differently; the message is shown to them as it is
    * UsageError            the words behind a command do not fit it
    * InvalidValue          a parameter was given a value outside its range
    * QuestionTooLong       the question alone does not fit the window
    * QuestionTooLarge      the question alone has more bytes than the model's server takes
    * ChangedMeanwhile      somebody else changed what a form showed, so nothing was saved
    * ChangedSince          the same was set anew after this was asked for, so nothing was changed
  * ModelError              the model gave no usable answer
    * ModelUnavailable      ask again later
    * ModelRejected         the same request will fail again
      * ModelAccessDenied   key, credits or model name: the operator must act
      * ContextTooLong      fewer tokens might pass
        * BodyTooLarge      fewer bytes might pass
      * Refused             a safety filter stopped it; keep it out of the context
    * BudgetReached         no money is left for this request
    * StreamCut             the answer ended in the middle of visible text
  * TurnGivenUp             a turn was begun again and again and never came to an end
  * PlatformError           a platform did not take or give what was asked
    * PlatformRefused       the same call would be refused again
    * ReplyRemoved          somebody took the answer away while it was written
    * FileTooLarge          a file has more bytes than are read
    * FileGone              a file is no longer where it was
    * ThreadNotWhole        not all messages of a thread could be read
  * StorageError            a conversation could not be read or saved
    * StorageUnavailable    the database is away, full or locked; try again
    * SchemaMismatch        the database was made by a newer version
    * ClaimLost             another runner has taken this turn over; stop working on it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from bot.language import gettext, number
from bot.types import BudgetUse, ThreadMessage


class BotError(Exception):
    """Anything that Seedling itself reports; bugs are never one of these."""


class ConfigError(BotError):
    """The operator must fix a setting; names the variable and the fix."""

    def __init__(self, variable: str, fix: str) -> None:
        super().__init__(f"{variable}: {fix}")
        self.variable = variable
        self.fix = fix


class InvalidInput(BotError):
    """A person must ask differently; the message says how."""


class UsageError(InvalidInput):
    """The words behind a command do not fit it; without the command's mark they may have been a question."""


class ChangedMeanwhile(InvalidInput):
    """Somebody else has changed what a form showed; nothing was saved."""

    def __init__(self) -> None:
        super().__init__(gettext("Somebody changed this meanwhile, so nothing was saved. Look at it and save again."))


class ChangedSince(InvalidInput):
    """The same was set anew after this was asked for; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(gettext("That was changed again since, so it stays; `/show` tells what is set."))


class OthersWrote(InvalidInput):
    """A channel is not its maker's alone to remove."""

    def __init__(self) -> None:
        super().__init__(gettext("Only an administrator can remove a channel that others made or wrote in."))


class InvalidValue(InvalidInput):
    """A parameter was given a value outside its range."""

    def __init__(self, name: str, value: str, allowed: str) -> None:
        super().__init__(
            gettext("{name} cannot be {value!r}. It takes {allowed}.").format(name=name, value=value, allowed=allowed)
        )
        self.name = name
        self.value = value
        self.allowed = allowed


class QuestionTooLong(InvalidInput):
    """The question alone does not fit the window; `limit` is None where nobody told how much does."""

    def __init__(self, tokens: int, limit: int | None) -> None:
        more = (
            gettext("more than the model can read")
            if limit is None
            else gettext("and at most {limit} fit beside the answer").format(limit=number(limit))
        )
        super().__init__(
            gettext("That question is about {tokens} tokens long, {more}. Please shorten it or ask in parts.").format(
                tokens=number(tokens), more=more
            )
        )
        self.tokens = tokens
        self.limit = limit


class QuestionTooLarge(InvalidInput):
    """The question alone, with its files, has more bytes than the model's server takes; it does not tell how many."""

    def __init__(self) -> None:
        super().__init__(
            gettext("That question is larger than the model's server takes. Please send smaller files or ask in parts.")
        )


class ModelFacts(TypedDict, total=False):
    """Facts that every `ModelError` carries, where the server told them."""

    status: int | None  # of HTTP
    code: str | None
    request_id: str | None


class ModelError(BotError):
    """The model gave no usable answer; the message names no secret and no user text."""

    def __init__(self, message: str, **facts: Unpack[ModelFacts]) -> None:
        super().__init__(message)
        self.status = facts.get("status")
        self.code = facts.get("code")
        self.request_id = facts.get("request_id")


class ModelUnavailable(ModelError):
    """The model may answer if asked again later, after `retry_after` seconds when that is known."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Unpack[ModelFacts]) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class ModelRejected(ModelError):
    """The same request will fail again."""


class ModelAccessDenied(ModelRejected):
    """Key, credits or model name are wrong; only the operator can fix it."""


class ContextTooLong(ModelRejected):
    """The request has more tokens than the model takes.

    `counted` are the tokens of its prompt by the server's count and `most` what it takes, where it tells them.
    """

    def __init__(
        self, message: str, *, counted: int | None = None, most: int | None = None, **facts: Unpack[ModelFacts]
    ) -> None:
        super().__init__(message, **facts)
        self.counted = counted
        self.most = most


class BodyTooLarge(ContextTooLong):
    """The request has more bytes than the model's server, or a proxy in front of it, takes."""


class Refused(ModelRejected):
    """A safety filter stopped the question or the answer."""


class BudgetReached(ModelError):
    """A budget leaves nothing for this request: `use` is how far it is used. Nothing was sent."""

    def __init__(self, use: BudgetUse) -> None:
        super().__init__(f"the budget of {use.budget.amount} dollars a {use.budget.period} is used up")
        self.use = use


class StreamCut(ModelError):
    """The stream ended without saying that it was finished."""


class TurnGivenUp(BotError):
    """A turn was begun again and again and never came to an end."""

    def __init__(self, attempts: int) -> None:
        super().__init__(f"started {attempts} times without finishing")
        self.attempts = attempts


class PlatformError(BotError):
    """A platform did not take or give what was asked."""


class PlatformRefused(PlatformError):
    """A platform refuses for good: the same call would be refused again.

    `reason` is a clause for people, as in "I could not post my answer: this channel is archived"; "" where the
    platform has not told any that they could act on.
    """

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class AccessRevoked(PlatformRefused):
    """A platform no longer accepts this bot at all: only the operator can mend that, and questions wait for it."""


class ThreadNotWhole(PlatformError):
    """Not all messages of a thread could be read; `messages` are those that were.

    `notice` is a sentence for people: what is missing, and how that is mended.
    """

    def __init__(self, notice: str, messages: Sequence[ThreadMessage] = ()) -> None:
        super().__init__(notice)
        self.notice = notice
        self.messages = messages


class ReplyRemoved(PlatformError):
    """Somebody took the answer away while it was written; it is not posted again."""


class FileTooLarge(PlatformError):
    """A file has more bytes than are read."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit / 1_000_000:g} MB")
        self.limit = limit


class FileGone(PlatformError):
    """A file is no longer where it was: it was deleted, with its message or alone."""


class StorageError(BotError):
    """A conversation could not be read or saved."""


class StorageUnavailable(StorageError):
    """The database is away, full or locked; the same call may work later."""


class SchemaMismatch(StorageError):
    """The database was made by a newer version of Seedling."""


class ClaimLost(StorageError):
    """Another runner has taken this turn over; whoever gets this must stop working on it."""
