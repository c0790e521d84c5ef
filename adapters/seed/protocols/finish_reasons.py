"""Finish reasons of many servers, in one table for all protocols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.seed import json_coerce
from adapters.seed.api_errors import REFUSED_CODE
from bot.types import Finish

# As servers and gateways document them, without case and marks: OpenAI, BytePlus ModelArk, Anthropic, Gemini, Mistral,
# Cohere, Bedrock, Zhipu, xAI, watsonx, TGI, vLLM and llama.cpp. We never offer tools, so a call of one ends the text.
_WORDS: Final[Mapping[Finish, str]] = MappingProxyType(
    {
        Finish.STOP: """
            stop stopped end endturn endofturn eos eostoken endoftext stopsequence stopstring stoptoken stopword word
            complete completed finish finished done normal toolcall toolcalls tooluse functioncall
        """,
        Finish.LENGTH: """
            length limit maxlength maxlen maxtoken maxtokens maxtokensreached maxoutput maxoutputtokens maxnewtokens
            maxcompletiontokens modellength tokenlimit lengthlimit outputlimit errorlimit contextlength
            contextlengthexceeded maxcontext contextwindow contextwindowexceeded modelcontextwindowexceeded
        """,
        Finish.FILTERED: """
            contentfilter contentfiltered filtered filter safety sensitive refusal refused recitation blocklist blocked
            prohibitedcontent spii imagesafety imageprohibitedcontent imagerecitation guardrailintervened modelarmor
            errortoxic moderation contentpolicy contentpolicyviolation
        """,
    }
)
FINISHES: Final = MappingProxyType({word: finish for finish, words in _WORDS.items() for word in words.split()})

# What stands in the field while the answer goes on.
_NOT_YET: Final = frozenset({"null", "none", "nil", "unspecified", "inprogress", "notfinished"})
_PREFIX: Final = re.compile(r"^(?:finish|stop)?reason(?=.)")


def reason_of(raw: object) -> str:
    """Return the reason as the server wrote it, "" where it tells none (yet); `raw` may be anything."""
    if isinstance(raw, dict):
        raw = raw.get("type") or raw.get("reason")
    if raw is None or isinstance(raw, bool | list | dict):
        return ""
    words = json_coerce.text(raw) if isinstance(raw, str) else str(raw)
    return "" if not words.strip() or _bare(words) in _NOT_YET else words


def finish_of(reason: str) -> Finish | None:
    """Return what a reason means, None for one that nobody knows: it is never that of a whole answer."""
    known = FINISHES.get(_bare(reason))
    return known or (Finish.FILTERED if REFUSED_CODE.search(reason) else None)


def _bare(reason: str) -> str:
    """Return a reason without case, marks and the name of its list: "FINISH_REASON_MAX_TOKENS" is "maxtokens"."""
    return _PREFIX.sub("", re.sub(r"[\W_]+", "", reason.casefold()))
