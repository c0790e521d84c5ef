"""The model's ten parameters as a request carries them, the same on every wire but for two names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from bot.types import ModelRequest, ParameterValue

Profile = Literal["seed", "plain"]  # plain: only what any OpenAI-compatible server knows

PLACEHOLDER = "(empty)"  # null, empty and blank content is answered with a 400
DEFAULT_HEAD = "You are a helpful assistant."  # without a system message the gateway puts in its own

PARAMETERS_IN_ORDER = (
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "enable_thinking",
    "reasoning_effort",
    "enable_web_search",
    "enable_caching",
    "image_detail",
    "video_fps",
)


def head_of(request: ModelRequest) -> str:
    """The system message, which is always sent."""
    return request.head if request.head.strip() else DEFAULT_HEAD


def wire_parameters(
    parameters: Mapping[str, ParameterValue],
    profile: Profile,
    *,
    max_tokens: str = "max_tokens",
    standard: Mapping[str, str],
) -> dict[str, Any]:
    """The fields to send; what is not in `parameters` is left to the server's defaults.

    `max_tokens` is this wire's name for it, `standard` maps the other parameters that any server of this wire knows
    to its names. Thinking that is off together with an effort is a 400 upstream, so the effort is then left out.
    """
    given = {name: parameters[name] for name in PARAMETERS_IN_ORDER if name in parameters}
    if given.get("enable_thinking") is False:
        given.pop("reasoning_effort", None)
    if profile == "plain":
        sent = {standard[name]: _plain(value) for name, value in given.items() if name in standard}
    else:
        sent = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in given.items()}
    if "max_tokens" in parameters:
        sent[max_tokens] = parameters["max_tokens"]
    return sent


def _plain(value: ParameterValue) -> ParameterValue | list[str]:
    return list(value) if isinstance(value, tuple) else value
