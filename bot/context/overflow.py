"""Shrink a request that the server found too long or too large, by as much as its refusal tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.context.attachments import media_bytes
from bot.context.view import WindowLimits
from bot.context.window import Window
from bot.errors import BodyTooLarge, ContextTooLong, QuestionTooLarge, QuestionTooLong

MOST_TRIES: Final = 8  # halving seven times leads from the largest usual context (256,000) to one of 2,000
LEAST_ANSWER: Final = 256  # an answer is not made shorter than that to let a question fit
LEAST_BODY_LIMIT: Final = 100_000  # bytes of a request that every server takes: Express's limit, the smallest usual one


def shorter(limits: WindowLimits, refused: Window, before: WindowLimits, error: ContextTooLong) -> WindowLimits:
    """Return `limits`, those in force since the refusal, with what bounds the next prompt.

    `refused` was planned within `before`. A count of its tokens tells by how much it was too long; without one it is
    halved, and so is the room for the answer, which counts as well.
    """
    if isinstance(error, BodyTooLarge):
        return replace(limits, at_most=refused.estimated // 2)
    if error.counted:
        fitting = int(refused.estimated * limits.prompt / error.counted)
        if fitting < refused.estimated:
            return replace(limits, at_most=fitting)
        if limits.reserved < before.reserved:  # the prompt fits: it was the answer that did not
            return replace(limits, at_most=refused.estimated)
    answer = min(limits.max_tokens, max(LEAST_ANSWER, before.reserved // 2))
    return replace(limits, max_tokens=answer, at_most=refused.estimated // 2)


def check_shorter(
    window: Window, limits: WindowLimits, refused: Window, before: WindowLimits, error: ContextTooLong
) -> None:
    """Raise `QuestionTooLong` unless the next request is smaller than the refused one: then only the question is left.

    It names the question's tokens by the server's count where there is one, and how many would fit where that is known.
    Where it was bytes that were too many, raise `QuestionTooLarge`, or for what every server takes the refusal itself.
    """
    if window.estimated + limits.reserved < refused.estimated + before.reserved:
        return
    if isinstance(error, BodyTooLarge):
        left = sum(len(entry.text) + media_bytes(entry) for entry in window.entries)
        raise error if left < LEAST_BODY_LIMIT else QuestionTooLarge
    counted = error.counted or refused.tokens
    tokens = counted * refused.question_tokens // refused.tokens
    fitting = max(0, limits.prompt - (counted - tokens))
    raise QuestionTooLong(tokens, fitting if fitting < tokens else None)
