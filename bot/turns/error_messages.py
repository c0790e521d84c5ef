"""Tell people why a turn failed: short, honest, and what to do next; the operator's part is in the log."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import (
    BotError,
    ContextTooLong,
    InvalidInput,
    ModelAccessDenied,
    ModelRejected,
    ModelUnavailable,
    PlatformError,
    PlatformRefused,
    Refused,
    TurnGivenUp,
)

CUT_NOTICE = "The answer broke off here. Write “continue” to go on."


MESSAGES: Sequence[tuple[type[BotError], str]] = (
    (
        ModelAccessDenied,
        "I cannot reach the model: whoever runs me has to check its key, its credits or its name. "
        "Please ask again once that is mended.",
    ),
    (
        Refused,
        "The model's safety filter refused this question. It stays out of what I remember; try other words.",
    ),
    (
        ContextTooLong,
        "This is more than the model can read at once, even after I left out all that I could. "
        "Please ask in smaller parts.",
    ),
    (
        TurnGivenUp,
        "I began this answer several times and was ended in the middle each time, so I leave it. "
        "Whoever runs me finds more in the log. Please ask again, perhaps in smaller parts.",
    ),
    (
        PlatformError,
        "I could not read what I need here: this place did not let me, or was away. Please ask again in a moment.",
    ),
    (ModelUnavailable, "The model is not answering right now. Please ask again in a moment."),
    (
        ModelRejected,
        "The model did not accept this request. Please ask in another way; the reason is in the log.",
    ),
)

NOT_POSTED = "I could not post my answer: {reason}."
NOT_TAKEN = "this place did not take it"
NOT_IN_TIME = "this place was away for too long"

UNEXPECTED = "Something went wrong on my side, and it is in the log. Please ask again."


def not_posted(reason: str) -> str:
    """Return the sentence for who asked; `reason` is that of a `PlatformRefused`."""
    return NOT_POSTED.format(reason=reason or NOT_TAKEN)


def not_done(reason: str) -> str:
    """Return the sentence for who typed a command or pressed a button; `reason` is that of a `PlatformRefused`."""
    return f"That did not work: {reason}."


def user_message(error: BaseException) -> str:
    """Return the sentence for the person who asked; it names no secret and nothing that only operators understand."""
    if isinstance(error, InvalidInput):
        return str(error)
    if isinstance(error, PlatformRefused) and error.reason:
        return f"I could not read what I need here: {error.reason}."
    return next((text for kind, text in MESSAGES if isinstance(error, kind)), UNEXPECTED)
