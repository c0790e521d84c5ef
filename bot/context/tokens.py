"""How many tokens a text will be, without the model's tokenizer, which is not public.

Text is counted by script class, media by what was estimated when they were made. The estimate is then corrected, per
conversation, by the ratio that the provider's own counts show, and hard limits keep a margin for what remains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Final

from bot.types import Entry, ModelRequest, Usage

# Characters per token. CJK measured on Seed 2.0; Latin and code from the API fact sheet, section 7.
LATIN: Final = 4.0
CODE: Final = 3.0
CJK: Final = 1.6
OTHER_SCRIPT: Final = 2.5  # Cyrillic, Greek, Arabic, ...: between the two, unmeasured
MARK: Final = 2.0  # digits and punctuation: fits the embedded model's counts of chats and answers
SYMBOL: Final = 0.5  # emoji and the like fall apart into bytes

# Measured: a prompt of one short question is billed about this much more than the question (fact sheet, section 7).
REQUEST_OVERHEAD: Final = 32
ENTRY_OVERHEAD: Final = 4  # role and separators around each message of a chat template

# As a share of the truth: how far a corrected estimate may lie below it before a hard limit is exceeded.
SAFETY_MARGIN: Final = 0.10

CORRECTION_GAIN: Final = 0.7  # one count covers a whole window, so it weighs more than all before
TELLING_TOKENS: Final = 1_000  # shorter requests are mostly head, and say little about a conversation
CORRECTION_RANGE: Final = (0.5, 4.0)  # a tokenizer without a script's words spends a few tokens on each character

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_DENSE = (  # what has its own rate wherever it stands; the first alone is ASCII
    (re.compile(r"[!-@\[-`{-~]"), MARK),
    (re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"), CJK),
    (re.compile(r"[\u0370-\u1fff\ua000-\uabff\ufb1d-\ufdff\ufe70-\ufeff]"), OTHER_SCRIPT),
    (re.compile(r"[\u2190-\u2bff\U00010000-\U0001ffff]"), SYMBOL),
)


def estimate(text: str) -> int:
    """The estimated tokens of `text`, uncorrected; 0 for "", and never fewer for a text with more at its end."""
    letters, rest = _split(text)
    in_code = sum(_split(code)[0] for code in _CODE.findall(text)) if "`" in text else 0
    return math.ceil((letters - in_code) / LATIN + in_code / CODE + rest)


def _split(text: str) -> tuple[int, float]:
    """The number of letters and spaces of a text, and the tokens of everything denser."""
    patterns = _DENSE[:1] if text.isascii() else _DENSE
    counts = [(len(pattern.findall(text)), characters) for pattern, characters in patterns]
    return len(text) - sum(count for count, _ in counts), sum(count / characters for count, characters in counts)


def estimate_entry(entry: Entry) -> int:
    """The estimated tokens of one entry with its media and what the chat template puts around it."""
    return ENTRY_OVERHEAD + estimate(entry.text) + sum(media.tokens for media in entry.media)


def corrected(tokens: float, ratio: float) -> int:
    """Real tokens that an estimate stands for, by a conversation's ratio; rounded up."""
    return math.ceil(tokens * ratio)


def estimate_request(head: str, entries: Iterable[int]) -> int:
    """The estimated tokens of a whole request from its head and the estimates of its entries."""
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
    """The ratio after one more count: `estimated` uncorrected and `actual` reported tokens of the same request.

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
    """How far an expectation missed, as a share of the truth: -0.05 when it was 5 % too low; 0.0 for no truth."""
    return (expected - actual) / actual if actual > 0 else 0.0


def below(limit: int) -> int:
    """The most estimated tokens that stay within `limit` real ones when the estimate is `SAFETY_MARGIN` too low."""
    return max(0, int(limit * (1 - SAFETY_MARGIN)))
