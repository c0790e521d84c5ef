"""Parse the refusal of a request that is too long or too large: the server's limit, and its count of the request.

The words are those of OpenAI, vLLM, SGLang, llama.cpp, LM Studio, Anthropic, Gemini, Mistral, xAI, Cohere, TGI,
DashScope, Moonshot, Zhipu, Baidu, watsonx and of gateways that pass them on. ModelArk tells no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.seed import json_coerce

TOO_LONG: Final = re.compile(
    r"OutofContextError|context_?length_?exceeded|context_?window_?exceeded|exceed_context_size"
    r"|exceed max message tokens|maximum (?:context|model|prompt|sequence) length|(?:prompt|input)(?: is)? too long"
    r"|prompt_too_long|available context size|model's context length|context (?:length|window|limit) (?:of|exceed)"
    r"|exceed(?:s|ed)? (?:the )?(?:model'?s? )?(?:maximum )?(?:context|(?:model )?token limit|maximum number of tokens)"
    r"|too many tokens|too large for model with|must have less than \d+ tokens|max_new_tokens` must be <=?"
    r"|range of input length|input length (?:and|exceed)|reduce the length of the (?:messages|input|prompt)"
    r"|greater than the context length|tokens \+ max_new_tokens must be"
    r"|(?:prompt|input) exceeds? (?:the )?max(?:imum)? length"
    r"|max input characters|maximum number of input tokens|max tokens too long|input tokens [\d,]{1,13} cannot exceed"
    "|\u8d85\u8fc7\u4e86?\u6a21\u578b\u7684?\u6700\u5927\u957f\u5ea6",  # "exceeds the model's maximum length"
    re.IGNORECASE,
)
BODY_TOO_LARGE: Final = re.compile(
    r"request_?too_?large|(?:entity|payload|body) (?:is )?too large|payload size exceeds|number of bytes",
    re.IGNORECASE,
)
"""Words about bytes: of Anthropic, Gemini, and what usually stands in front of a server (nginx, Express)."""

SPEAKS_OF_TOKENS: Final = re.compile(r"token|context", re.IGNORECASE)

TEXT_CHARACTERS: Final = 2_000  # refusals are short; what is longer repeats the request

_N = r"(\d[\d,]{0,12})"
_BOTH: Sequence[re.Pattern[str]] = (  # tokens first, then the limit
    re.compile(rf"{_N} \+ [\d,]+ > {_N}"),  # Anthropic: input length and `max_tokens` exceed context limit
    re.compile(rf"{_N} tokens > {_N} maximum"),
)
_MOST: Sequence[re.Pattern[str]] = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        rf"max(?:imum)?[ _](?:context|model|prompt|sequence|input)?[ _]?len(?:gth)?\W+(?:is |of |only )*{_N}",
        rf"context (?:length|size|window|limit)\W+(?:is |of |only |tokens? )*\(?{_N}",
        rf"{_N} maximum context",
        rf"tokens allowed \({_N}",
        rf"token limit:? {_N}",
        rf"cannot exceed the total tokens limit {_N}",
        rf"(?:less than|must be <=|cannot exceed|at most) {_N}",
        rf"input length should be \[\d+, ?{_N}\]",
        rf"n_ctx\W+{_N}",
    )
)
_COUNTED: Sequence[re.Pattern[str]] = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        rf"n_prompt_tokens\W+{_N}",
        rf"{_N} in the (?:messages|prompt)",
        rf"{_N}(?: tokens)? (?:of|from the|of text) input",
        rf"{_N} (?:input tokens|prompt tokens|.inputs. tokens)",
        rf"messages resulted in {_N}",
        rf"input tokens {_N} cannot exceed",
        rf"(?:request|input|prompt|token count) \((?:length )?{_N}",
        rf"(?:contains|received|given:|keep the first|too long:) (?:at least )?{_N}",
        rf"requested:? (?:about )?{_N}",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSizes:
    """Tokens that the server takes in all, and those that it counted in the prompt; None where it does not tell."""

    most: int | None = None
    counted: int | None = None


UNTOLD: Final = RequestSizes()


def sizes_in(error: Any, detail: str) -> RequestSizes:
    """Return what an error object (llama.cpp has fields for it) or its message tells."""
    body = json_coerce.mapping(error)
    most, counted = json_coerce.count(body.get("n_ctx")), json_coerce.count(body.get("n_prompt_tokens"))
    if most and counted:
        return RequestSizes(most=most, counted=counted)
    text = detail[:TEXT_CHARACTERS]
    for pattern in _BOTH:
        if found := pattern.search(text):
            return RequestSizes(counted=_number(found[1]), most=_number(found[2]))
    return RequestSizes(most=most or _first(_MOST, text), counted=counted or _first(_COUNTED, text))


def _first(patterns: Sequence[re.Pattern[str]], text: str) -> int | None:
    return next((_number(found[1]) for pattern in patterns if (found := pattern.search(text))), None)


def _number(digits: str) -> int | None:
    return int(digits.replace(",", "")) or None
