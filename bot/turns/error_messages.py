"""Explain to people why a turn failed: short, honest, and what to do next; the operator's part is in the log."""

from __future__ import annotations

from collections.abc import Sequence

from bot.access.budget_text import reached_text
from bot.errors import (
    BodyTooLarge,
    BotError,
    BudgetReached,
    ContextTooLong,
    InvalidInput,
    ModelAccessDenied,
    ModelError,
    ModelRejected,
    ModelUnavailable,
    PlatformError,
    PlatformRefused,
    Refused,
    TurnGivenUp,
)
from bot.language import gettext, gettext_noop

CUT_NOTICE = gettext_noop("The answer was cut off here. Write “continue” to go on.")


MESSAGES: Sequence[tuple[type[BotError], str]] = (
    (
        ModelAccessDenied,
        gettext_noop(
            "I cannot reach the model: the person who runs me has to check its key, its credits or its name. "
            "Please ask again once that is fixed."
        ),
    ),
    (
        Refused,
        gettext_noop(
            "The model's safety filter refused this question. I will not remember it; please try other words."
        ),
    ),
    (
        BodyTooLarge,
        gettext_noop(
            "The model's server takes no request of this size: the person who runs me has to raise its limit. "
            "Please ask again once that is fixed."
        ),
    ),
    (
        ContextTooLong,
        gettext_noop(
            "This is more than the model can read at once, even after I left out all that I could. "
            "Please ask in smaller parts."
        ),
    ),
    (
        TurnGivenUp,
        gettext_noop(
            "I started this answer several times and was interrupted each time, so I have given up on it; the details "
            "are in the log. Please ask again, perhaps in smaller parts."
        ),
    ),
    (
        PlatformError,
        gettext_noop(
            "I could not read what I need here: I was not allowed to, or the platform did not respond. "
            "Please ask again in a moment."
        ),
    ),
    (ModelUnavailable, gettext_noop("The model is not answering right now. Please ask again in a moment.")),
    (
        ModelRejected,
        gettext_noop("The model did not accept this request; the reason is in the log. Please ask in another way."),
    ),
    (
        ModelError,
        gettext_noop("The model gave no answer that I can use; the details are in the log. Please ask again."),
    ),
)

NOT_POSTED = gettext_noop("I could not post my answer: {reason}.")
NOT_TAKEN = gettext_noop("the platform did not accept it")
NOT_IN_TIME = gettext_noop("the platform did not respond in time")

UNEXPECTED = gettext_noop("Something went wrong on my side; the details are in the log. Please ask again.")


def not_posted(reason: str) -> str:
    """Return the sentence for who asked; `reason` is that of a `PlatformRefused`."""
    return gettext(NOT_POSTED).format(reason=gettext(reason or NOT_TAKEN))


def not_done(reason: str) -> str:
    """Return the sentence for who typed a command or pressed a button; `reason` is that of a `PlatformRefused`."""
    return gettext("That did not work: {reason}.").format(reason=gettext(reason))


def user_message(error: BaseException) -> str:
    """Return the sentence for the person who asked; it names no secret and nothing that only operators understand."""
    if isinstance(error, InvalidInput):
        return str(error)
    if isinstance(error, BudgetReached):
        return reached_text(error.use)
    if isinstance(error, PlatformRefused) and error.reason:
        return gettext("I could not read what I need here: {reason}.").format(reason=gettext(error.reason))
    return gettext(next((text for kind, text in MESSAGES if isinstance(error, kind)), UNEXPECTED))
