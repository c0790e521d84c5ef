"""Estimate the tokens of a text without the model's tokenizer, which is not public.

Text is counted by script class, media by what was estimated when they were made. The estimate is then corrected, per
conversation, by the ratio that the provider's own counts show, and hard limits keep a margin for what remains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from bot.types import Entry, ModelRequest, Usage

# Characters per token. Chinese measured on Seed 2.0 (1.59 to 1.69; the provider says 1.5 to 2); Latin and code from the
# API fact sheet, section 7. The others lie between large vocabularies and the embedded model's small English one, whose
# counts are in brackets: nobody has measured them on Seed, and too low an estimate is what breaks a hard limit.
LATIN: Final = 4.0
CODE: Final = 3.0
CHINESE: Final = 1.5  # (0.6)
SYLLABLES: Final = 1.2  # Japanese and Korean (0.45 to 0.6)
ALPHABET: Final = 2.0  # Cyrillic, Greek, Arabic, Hebrew, ... (0.95 to 1.3)
ABUGIDA: Final = 1.0  # Hindi, Tamil, Thai, Khmer, Georgian, Amharic, ... (0.4 to 0.9)
DIGIT: Final = 1.2  # most vocabularies have one token for each (1.0)
MARK: Final = 2.0  # punctuation: fits the embedded model's counts of chats and answers
SYMBOL: Final = 0.5  # emoji and the like fall apart into bytes
SWITCH: Final = 1.4  # changes between small letters, capitals and digits, as in keys and base64: words end there

# Measured: a prompt of one short question is billed about this much more than the question (fact sheet, section 7).
REQUEST_OVERHEAD: Final = 32
ENTRY_OVERHEAD: Final = 4  # role and separators around each message of a chat template

# As a share of the truth: how far a corrected estimate may lie below it before a hard limit is exceeded.
SAFETY_MARGIN: Final = 0.10

CORRECTION_GAIN: Final = 0.7  # one count covers a whole window, so it weighs more than all before
TELLING_TOKENS: Final = 1_000  # shorter requests are mostly head, and say little about a conversation
CORRECTION_RANGE: Final = (0.5, 4.0)  # a tokenizer without a script's words spends a few tokens on each character

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_SWITCH = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_DENSE = (  # what has its own rate wherever it stands; the first two alone are ASCII
    (re.compile(r"[0-9]"), DIGIT),
    (re.compile(r"[!-/:-@\[-`{-~]"), MARK),
    (re.compile(r"[\u2e80-\u303f\u3100-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff]"), CHINESE),
    (re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\uac00-\ud7ff\uff66-\uffef]"), SYLLABLES),
    (re.compile(r"[\u0370-\u08ff\u1f00-\u1fff\ufb1d-\ufdff\ufe70-\ufeff]"), ALPHABET),
    (re.compile(r"[\u0900-\u10ff\u1200-\u1dff\ua000-\uabff]"), ABUGIDA),
    (re.compile(r"[\u2190-\u2bff\U00010000-\U0001ffff]"), SYMBOL),
)


def estimate(text: str) -> int:
    """Return the estimated tokens of `text`, uncorrected; 0 for "", and never fewer for a text with more at its end."""
    letters, rest = _split(text)
    in_code = sum(_split(code)[0] for code in _CODE.findall(text)) if "`" in text else 0
    return math.ceil((letters - in_code) / LATIN + in_code / CODE + rest)


def _split(text: str) -> tuple[int, float]:
    """Return the number of letters and spaces of a text, and the tokens of everything denser."""
    patterns = _DENSE[:2] if text.isascii() else _DENSE
    counts = [(len(pattern.findall(text)), characters) for pattern, characters in patterns]
    dense = sum(count / characters for count, characters in counts) + len(_SWITCH.findall(text)) / SWITCH
    return len(text) - sum(count for count, _ in counts), dense


def estimate_entry(entry: Entry) -> int:
    """Return the estimated tokens of one entry with its media and what the chat template puts around it."""
    return ENTRY_OVERHEAD + estimate(entry.text) + sum(media.tokens for media in entry.media)


def corrected(tokens: float, ratio: float) -> int:
    """Real tokens that an estimate stands for, by a conversation's ratio; rounded up."""
    return math.ceil(tokens * ratio)


def estimate_request(head: str, entries: Iterable[int]) -> int:
    """Return the estimated tokens of a whole request from its head and the estimates of its entries."""
    return REQUEST_OVERHEAD + estimate(head) + sum(entries)


def own_tokens(request: ModelRequest, usage: Usage | None, *, searched: bool = False) -> int | None:
    """Return the prompt tokens that the provider counted where all of them were ours, None where a count tells nothing.

    What a search finds is counted as prompt, and so are the tools that are offered for it; media are counted by rules
    of the provider's own. Of several requests in one only the sum is known.
    """
    if usage is None or usage.estimated or usage.requests != 1 or usage.input <= 0:
        return None
    if searched or usage.tools or request.parameters.get("enable_web_search") is True:
        return None
    return None if any(entry.media for entry in request.entries) else usage.input


def updated_ratio(ratio: float, *, estimated: int, actual: int) -> float:
    """Return the ratio after one more count: `estimated` uncorrected and `actual` reported tokens of the
    same request.

    Moves by `CORRECTION_GAIN` towards what was seen, by less for a request below `TELLING_TOKENS`. It never leaves
    `CORRECTION_RANGE`, and a count outside of that, or of nothing, teaches nothing: no tokenizer counts so, but a
    gateway that leaves out what is cached or adds a prompt of its own does.
    """
    low, high = CORRECTION_RANGE
    ratio = min(max(ratio, low), high)
    if estimated <= 0 or not low <= actual / estimated <= high:
        return ratio
    gain = CORRECTION_GAIN * min(1.0, estimated / TELLING_TOKENS)
    return ratio + gain * (actual / estimated - ratio)


def relative_error(*, expected: int, actual: int) -> float:
    """Return how far an expectation missed, as a share of the truth: -0.05 when it was 5 % too low; 0.0 for
    no truth.
    """
    return (expected - actual) / actual if actual > 0 else 0.0


def below(limit: int) -> int:
    """Return the most estimated tokens that stay within `limit` real ones when the estimate is
    `SAFETY_MARGIN` too low.
    """
    return max(0, int(limit * (1 - SAFETY_MARGIN)))
