"""Estimate the tokens of a request and of an answer, for limits and for when the server reports none."""

from __future__ import annotations

from adapters.seed.protocols.response import ResponseState
from bot.context.tokens import estimate, estimate_entry, estimate_request
from bot.types import ModelRequest, Usage

TELLING_TOKENS = 1_000  # the reference's sign of a dropped picture: so many tokens fewer than expected
SHARE_MISSING = 0.75


def request_tokens(request: ModelRequest) -> int:
    """Return the estimated tokens of a whole request with its media."""
    return estimate_request(request.system_prompt, (estimate_entry(entry) for entry in request.entries))


def estimated_usage(prompt_tokens: int, answer: ResponseState) -> Usage:
    """Return the usage of an answer that came without one, marked as estimated."""
    reasoning = estimate(answer.reasoning)
    return Usage(input=prompt_tokens, output=reasoning + estimate(answer.text), reasoning=reasoning, estimated=True)


def media_seem_dropped(request: ModelRequest, usage: Usage) -> bool:
    """Return whether the server counted so few tokens that it cannot have looked at the media.

    Only said when media are so large a part of the request that the estimate of its text cannot be to blame.
    """
    expected = request_tokens(request)
    media = sum(media.tokens for entry in request.entries for media in entry.media)
    if usage.estimated or media < TELLING_TOKENS or (expected - media) > media:
        return False
    return expected - usage.input > max(TELLING_TOKENS, SHARE_MISSING * media)
