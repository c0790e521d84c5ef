"""Estimate the tokens of a text without the model's tokenizer, which is not public.

Text is counted by the class of its characters and by where tokens have to end, media by what was estimated when they
were made. The estimate is then corrected, per conversation, by the ratio that the provider's own counts show, and hard
limits keep a margin for what remains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from bot.types import Entry, ModelRequest, Usage

# Characters per token. Chinese measured on Seed 2.0 (1.59 to 1.69; the provider says 1.5 to 2), less a reserve, since
# the samples were short; Latin fitted to the counts of three vocabularies, two large ones and the embedded model's
# small English one (benchmarks/context_tokens.py). The other scripts lie between these, with the counts of the small
# one in brackets: nobody has measured them on Seed, and too low an estimate is what breaks a hard limit.
LATIN: Final = 4.2  # with spaces and marks
LONG: Final = 12.0  # the fifth to tenth small letter of a word, since usual words are one token, short or long
MOST_CHARACTERS: Final = LONG  # for a token; nothing has more
ACCENTED: Final = 0.9  # letters with accents, typographic marks: words in languages other than English are cut there
CHINESE: Final = 1.2  # (0.6)
SYLLABLES: Final = 0.9  # Japanese and Korean (0.45 to 0.6)
CYRILLIC: Final = 1.6  # (1.3)
ALPHABET: Final = 1.0  # Greek, Arabic, Hebrew, Armenian (0.95 to 1.3)
DEVANAGARI: Final = 0.85  # (0.95)
ABUGIDA: Final = 0.58  # Thai, Tamil, Khmer, Georgian, Amharic, ... (0.5 to 0.6)
DIGIT: Final = 1.0  # most vocabularies have one token for each (1.0)
SYMBOL: Final = 0.5  # emoji and the like fall apart into bytes (0.4)
STRAY: Final = 0.5  # what is not seen, and marks upon marks: bytes, and what stands beside them is cut as well

# Tokens that a text has more because a token has to end there; fitted to the same counts.
APART: Final = 0.85  # a mark with a word, or a space or mark with a number, behind it: `a/b`, `x=1`, `on 27`
MIXED: Final = 0.52  # between a letter and a digit, as in hexadecimal; lines
JUMP: Final = 1.6  # a capital behind one or two small letters, as in keys and base64; seldom in `camelCase`
CAPITAL: Final = 0.2  # behind another capital
SELDOM: Final = 1.5  # a letter that is rare in English: other languages' words and letters in no order are cut there
FOREIGN: Final = 0.9  # `aa`, `ii`, `uu`, and a word that ends in a, i, o or u, as few do in English and most in Swahili
LONE: Final = 0.5  # a letter by itself behind another one: `h e l l o`
LONE_LINE: Final = 0.7  # alone in its line
LONE_FAR: Final = 1.0  # behind a run of blanks

# Measured: a prompt of one short question is billed about this much more than the question (fact sheet, section 7).
REQUEST_OVERHEAD: Final = 32
ENTRY_OVERHEAD: Final = 4  # role and separators around each message of a chat template

SECOND_OF_SOUND: Final = 25  # ours: the API publishes none, and others count 10 to 32

# As a share of the truth: how far a corrected estimate may lie below it before a hard limit is exceeded.
SAFETY_MARGIN: Final = 0.10

CORRECTION_GAIN: Final = 0.7  # one count covers a whole window, so it weighs more than all before
TELLING_TOKENS: Final = 1_000  # shorter requests are mostly system prompt, and say little about a conversation
CORRECTION_RANGE: Final = (0.2, 4.0)  # from Thai with a large vocabulary to a script that a small one spells out

_MARK = r"!-/:-@\[-`{-~"
_DENSE = (  # what has its own rate wherever it stands; the first alone is ASCII
    (re.compile(r"[0-9]"), DIGIT),
    (
        re.compile(  # the joiners of Arabic and Indian scripts are letters of prose
            r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\u200c\u200d](?<![\u0600-\u0dff].)"
            r"|[\u0300-\u036f](?<=[\u0300-\u036f].)"
        ),
        STRAY,
    ),
    (
        re.compile(
            r"[\u00a1-\u00ac\u00ae-\u02ff\u1e00-\u1eff\u2010-\u2029\u202f-\u205f]|[\u0300-\u036f](?<![\u0300-\u036f].)"
        ),
        ACCENTED,
    ),
    (re.compile(r"[\u2e80-\u303f\u3100-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff]"), CHINESE),
    (re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\uac00-\ud7ff\uff66-\uffef]"), SYLLABLES),
    (re.compile(r"[\u0400-\u052f]"), CYRILLIC),
    (re.compile(r"[\u0370-\u03ff\u0530-\u08ff\u1f00-\u1fff\ufb1d-\ufdff\ufe70-\ufefe]"), ALPHABET),
    (re.compile(r"[\u0900-\u097f]"), DEVANAGARI),
    (re.compile(r"[\u0980-\u10ff\u1200-\u1dff\ua000-\uabff]"), ABUGIDA),
    (re.compile(r"[\u2190-\u2bff\ufe00-\ufe0f\U00010000-\U0001ffff]"), SYMBOL),
)
_SHORT = 4  # letters of a word that count in full; those of a very long word do again, since it is cut
_LONG_WORD = re.compile(rf"(?<![a-z])[a-z]{{{_SHORT + 1},10}}")
_ACCENT = re.compile(r"[\u00c0-\u024f\u1e00-\u1eff]")  # another language than English, whose words are cut more often
_ENDS = (  # where a token ends; none is undone by what follows, so that an estimate never falls
    (re.compile(rf"[\s{_MARK}](?=[0-9])|[{_MARK}](?=[A-Za-z])"), APART),
    (re.compile(r"[0-9](?<=[A-Za-z].)|[A-Za-z](?<=[0-9].)|\n(?<!\n\n)"), MIXED),
    (re.compile(r"[A-Z](?<=[a-z].)(?<![a-z]{3}.)"), JUMP),
    (re.compile(r"[A-Z](?<=[A-Z].)"), CAPITAL),
    (re.compile(r"[jkqvxz](?<=[a-z].)(?<!jj|kk|qq|vv|xx|zz)"), SELDOM),
    (re.compile(r"[aiou](?<=[a-z]{4})(?=[\s!-/:-@])|aa|ii|uu"), FOREIGN),
    (re.compile(r"\s(?<=\s[A-Za-z]\s[A-Za-z]\s)"), LONE),
    (re.compile(r"\n(?:(?<=\n[A-Za-z]\n)|(?<=\n[A-Za-z]\r\n))"), LONE_LINE),
    (re.compile(r"\s(?<= {3}[A-Za-z]\s)"), LONE_FAR),
)


def estimate(text: str) -> int:
    """Return the estimated tokens of `text`, uncorrected; 0 for "", and never fewer for a text with more at its end."""
    words = [] if _ACCENT.search(text) else _LONG_WORD.findall(text)
    counts = [(len("".join(words)) - _SHORT * len(words), LONG)]
    counts += [(len(kind.findall(text)), rate) for kind, rate in (_DENSE[:1] if text.isascii() else _DENSE)]
    letters = len(text) - sum(count for count, _ in counts)
    more = sum(len(end.findall(text)) * tokens for end, tokens in _ENDS)
    return math.ceil(letters / LATIN + sum(count / rate for count, rate in counts) + more)


def estimate_entry(entry: Entry) -> int:
    """Return the estimated tokens of one entry with its media and what the chat template puts around it."""
    return ENTRY_OVERHEAD + estimate(entry.text) + sum(media.tokens for media in entry.media)


def corrected(tokens: float, ratio: float) -> int:
    """Real tokens that an estimate stands for, by a conversation's ratio; rounded up."""
    return math.ceil(tokens * ratio)


def estimate_request(system_prompt: str, entries: Iterable[int]) -> int:
    """Return the estimated tokens of a whole request from its system prompt and the estimates of its entries."""
    return REQUEST_OVERHEAD + _estimate_again(system_prompt) + sum(entries)


@lru_cache(maxsize=256)
def _estimate_again(system_prompt: str) -> int:
    """Return the same for a text of our own that stands in each request of a channel, and is counted once."""
    return estimate(system_prompt)


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


def below(limit: int) -> int:
    """Return the most estimated tokens that stay within `limit` real ones when the estimate is
    `SAFETY_MARGIN` too low.
    """
    return max(0, int(limit * (1 - SAFETY_MARGIN)))
