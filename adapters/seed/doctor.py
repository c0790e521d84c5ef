"""Check the configured model API: one row for each thing that can be wrong, with its fix."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from adapters.seed.account import NO_SUCH_ENDPOINT, read_balance
from adapters.seed.api_errors import ProblemError, to_error
from adapters.seed.client import SeedModel
from adapters.seed.rates import LiveRates
from adapters.seed.retry_policy import DROPPED_MEDIA_NOTE, NO_MEDIA_NOTE
from adapters.seed.transcriptions import TRANSCRIPTIONS, SeedSounds
from bot.checks import CHECK_SECONDS, Check, within
from bot.errors import ModelAccessDenied, ModelError, ModelUnavailable
from bot.types import (
    Entry,
    Media,
    ModelEvent,
    ModelRequest,
    NoteFound,
    ParameterValue,
    ReasoningDelta,
    SearchStarted,
    SourceFound,
    TextDelta,
    Usage,
    UsageReported,
)

SLOW_SECONDS = 10.0  # to the first token, without thinking: people begin to doubt
PREFIX_WORDS = 1_600  # well above the cache's least prefix of 1,024 tokens
TOKENS = 200  # of an answer
LOCAL_TOKENS = 40  # so small a model goes on counting
LOCAL_PREFIX_WORDS = 60  # llama.cpp keeps any prefix, and reads a long one for half a minute on one core
PICTURE_SIDE = 64
NOT_FOUND = 404
PICTURE_TOKENS = 1_280  # what detail "high" always costs
SERVER_FIX = "see that SEED_BASE_URL is right, that the server runs, and that this machine reaches it"
LATER = "try again later, or give each check more time with --seconds"
LOCAL_HAS_NOT: Mapping[str, str] = {
    "price": "free: the embedded model runs on this machine",
    "account": "none is needed",
    "image input": "the embedded model reads text only",
    "web search": "the embedded model cannot search; set SEED_API_KEY for one that can",
    "sound": "the embedded model reads text only",
}
NOT_SEED = "not tried: only models of the Seed family are known to have it"
PLAIN_HAS_NOT: Mapping[str, str] = {"image input": NOT_SEED, "web search": NOT_SEED, "sound": NOT_SEED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """Result of one question; `first` is the seconds to its first token, None when there was none."""

    events: tuple[ModelEvent, ...]
    error: ModelError | None
    first: float | None
    seconds: float

    @property
    def usage(self) -> Usage | None:
        """The tokens, as the server counted them."""
        found = [event.usage for event in self.events if isinstance(event, UsageReported)]
        return found[-1] if found and not found[-1].estimated else None

    @property
    def pieces(self) -> int:
        """In how many pieces the text came."""
        return sum(isinstance(event, TextDelta) for event in self.events)


async def examine(
    model: SeedModel, rates: LiveRates, *, seconds: float = CHECK_SECONDS, is_local: bool = False
) -> AsyncGenerator[Check, None]:
    """Yield every check as it is done, each within `seconds`: free ones first, then five short questions.

    The questions cost less than a cent together on Seed 2.0 Lite. What cannot work after a failure is left out, and so
    is what the embedded model (`is_local`) has not, with the reason. Raises nothing.
    """
    if not is_local:
        found = await within(seconds, _check_server(rates), name="server", fix=SERVER_FIX)
        yield found
        if found.ok is False:
            return
        yield check_price(rates)
        yield await within(seconds, check_account(model), name="account", fix=LATER)
    tokens = LOCAL_TOKENS if is_local else TOKENS
    counted = await _answered_within(seconds, model, "Count to 20, the numbers separated by commas.", tokens)
    if counted is None:
        yield Check(name="answer", ok=False, detail=f"none came within {seconds:g} s", fix=LATER)
        return
    access = check_access(model.name, counted)
    for check in access:
        if check.name != "key" or not is_local:
            yield check
    if not all(check.ok for check in access):
        return
    for check in (check_latency(counted), check_streaming(counted), check_usage(counted)):
        yield check
    words = LOCAL_PREFIX_WORDS if is_local else PREFIX_WORDS
    yield await within(seconds, _check_cache(model, words, tokens), name="cache", fix=LATER)
    if is_local or model.dialect == "plain":
        for name, reason in (LOCAL_HAS_NOT if is_local else PLAIN_HAS_NOT).items():
            yield Check(name=name, ok=None, detail=reason)
        return
    yield await within(seconds, _check_image(model), name="image input", fix=LATER)
    yield await within(seconds, _check_search(model), name="web search", fix=LATER)
    yield await within(seconds, _check_sound(SeedSounds(model)), name="sound", fix=LATER)


# ---------------------------------------------------------------- what was heard, judged


def check_access(name: str, heard: ProbeResult) -> list[Check]:
    """Key, model and wire, from the first question."""
    error = heard.error
    if isinstance(error, ModelAccessDenied) and error.status != NOT_FOUND:
        fix = "put the account's key (sk-...) into SEED_API_KEY, and see that the account has credits"
        return [Check(name="key", ok=False, detail=str(error), fix=fix)]
    if isinstance(error, ModelAccessDenied):
        fix = "set SEED_MODEL to a name from GET /v1/models, and SEED_BASE_URL to an address that ends in /v1"
        return [Check(name="model", ok=False, detail=str(error), fix=fix)]
    if isinstance(error, ModelUnavailable) and error.status is None:
        return [Check(name="server", ok=False, detail=str(error), fix=SERVER_FIX)]
    if error is not None:
        fix = "see that SEED_BASE_URL is right and reachable, and try SEED_WIRE=chat"
        return [Check(name="wire", ok=False, detail=str(error), fix=fix)]
    return [
        Check(name="key", ok=True, detail="accepted"),
        Check(name="model", ok=True, detail=name),
        Check(name="wire", ok=True, detail=f"answered in {heard.seconds:.1f} s"),
    ]


def check_price(rates: LiveRates) -> Check:
    """Return whether the price is the provider's own."""
    card, told = rates.card(), rates.told
    tiers = "; ".join(f"from {tier.from_tokens:,}: {tier.input} in, {tier.output} out" for tier in card.tiers)
    detail = f"{tiers} (USD per million tokens, {card.origin})"
    is_free = all(tier.input == tier.output == 0 for tier in card.tiers)
    fix = (
        "" if told or is_free else "the server publishes no prices: compare the built-in ones with the provider's page"
    )
    return Check(name="price", ok=True if told else None, detail=detail, fix=fix)


def check_latency(heard: ProbeResult) -> Check:
    """Seconds to the first token."""
    if heard.first is None:
        return Check(name="first token", ok=False, detail="there was none", fix="try again later")
    slow = heard.first > SLOW_SECONDS
    fix = "the server is slow or far away: try again later, or another SEED_BASE_URL" if slow else ""
    return Check(name="first token", ok=not slow, detail=f"after {heard.first:.2f} s", fix=fix)


def check_streaming(heard: ProbeResult) -> Check:
    """Return whether the text came in pieces."""
    flowing = heard.pieces > 1
    fix = "" if flowing else "something between here and the server holds the stream back: switch off its buffering"
    return Check(name="streaming", ok=flowing, detail=f"{heard.pieces} pieces", fix=fix)


def check_usage(heard: ProbeResult) -> Check:
    """Return whether the server counts tokens."""
    usage = heard.usage
    if usage is None:
        fix = "costs are estimated: the server does not honour stream_options.include_usage"
        return Check(name="usage", ok=False, detail="not reported", fix=fix)
    return Check(name="usage", ok=True, detail=f"{usage.input} in, {usage.output} out")


def check_cache(first: ProbeResult, second: ProbeResult) -> Check:
    """Return whether a repeated beginning was served from the cache."""
    error = first.error or second.error
    if error is not None:
        return Check(name="cache", ok=False, detail=str(error), fix="set enable_caching to no")
    usage = second.usage
    if usage is None:
        return Check(name="cache", ok=None, detail="cannot be checked: the server reports no usage")
    hit = usage.cached > 0
    fix = "" if hit else "repeated text is paid in full: set context to economy, and ask the provider about caching"
    return Check(name="cache", ok=hit, detail=f"{usage.cached} of {usage.input} tokens", fix=fix)


def check_image(heard: ProbeResult) -> Check:
    """Return whether a picture was looked at, told by its tokens."""
    if heard.error is not None:
        return Check(name="image input", ok=False, detail=str(heard.error), fix="use a model that takes pictures")
    tokens = f"{heard.usage.input} tokens" if heard.usage else "cannot be checked: the server reports no usage"
    if NoteFound(NO_MEDIA_NOTE) in heard.events:
        return Check(name="image input", ok=False, detail="the model takes none", fix="use a model that takes pictures")
    if NoteFound(DROPPED_MEDIA_NOTE) in heard.events:
        fix = "the server ignores pictures: use another SEED_WIRE or model"
        return Check(name="image input", ok=False, detail=tokens, fix=fix)
    return Check(name="image input", ok=True if heard.usage else None, detail=tokens)


def check_search(heard: ProbeResult) -> Check:
    """Return whether the model searched."""
    if heard.error is not None:
        fix = "leave enable_web_search off, or ask the provider to open it for the account"
        return Check(name="web search", ok=False, detail=str(heard.error), fix=fix)
    sources = sum(isinstance(event, SourceFound) for event in heard.events)
    calls = sum(heard.usage.tools.values()) if heard.usage else 0
    searched = bool(sources or calls or any(isinstance(event, SearchStarted) for event in heard.events))
    fix = "" if searched else "the model did not search: ask the provider whether the account may"
    return Check(name="web search", ok=searched, detail=f"{sources} sources, {calls} calls", fix=fix)


# ---------------------------------------------------------------- asking


async def _check_server(rates: LiveRates) -> Check:
    """Check whether the server can be reached, and read its prices on the way; a refusal is left to a question."""
    try:
        await rates.read()
    except ProblemError as trouble:
        status = trouble.problem.status
        if status is None:
            return Check(name="server", ok=False, detail=str(to_error(trouble.problem)), fix=SERVER_FIX)
        return Check(name="server", ok=None, detail=f"reached; it does not describe the model (HTTP {status})")
    return Check(name="server", ok=True, detail="reached, and it describes the model")


async def check_account(model: SeedModel) -> Check:
    """Check what is left of the account; costs nothing."""
    try:
        balance = await read_balance(model)
    except ModelError as error:
        if error.status in NO_SUCH_ENDPOINT:
            return Check(name="account", ok=None, detail="this server does not say")
        return Check(name="account", ok=None, detail=str(error))
    if balance is None:
        return Check(name="account", ok=None, detail="the server does not say its balance")
    fix = "top it up: questions are being refused" if balance <= 0 else ""
    return Check(name="account", ok=balance > 0, detail=f"{balance:.2f} US dollars are left", fix=fix)


async def _check_cache(model: SeedModel, words: int, tokens: int) -> Check:
    prefix = " ".join(f"word{number}" for number in range(min(words, model.context_tokens // 8)))
    first = await _ask(model, f"{prefix}\nSay A.", max_tokens=tokens, enable_caching=True)
    second = await _ask(model, f"{prefix}\nSay B.", max_tokens=tokens, enable_caching=True)
    return check_cache(first, second)


async def _check_image(model: SeedModel) -> Check:
    return check_image(await _ask(model, "Which colour has this picture? One word.", media=(red_picture(),)))


async def _check_search(model: SeedModel) -> Check:
    return check_search(await _ask(model, "Search the web: what is the weather in Oslo?", enable_web_search=True))


async def _check_sound(sounds: SeedSounds) -> Check:
    if await sounds.takes_sound():
        return Check(name="sound", ok=True, detail="the model takes it")
    if await sounds.can_transcribe():
        return Check(name="sound", ok=True, detail=f"{TRANSCRIPTIONS} says what is said in it")
    return Check(name="sound", ok=None, detail="neither the model nor the server hears it")


async def _answered_within(seconds: float, model: SeedModel, text: str, tokens: int) -> ProbeResult | None:
    try:
        async with asyncio.timeout(seconds):
            return await _ask(model, text, max_tokens=tokens)
    except TimeoutError:
        return None


async def _ask(
    model: SeedModel,
    text: str,
    *,
    media: tuple[Media, ...] = (),
    max_tokens: int = TOKENS,
    **parameters: ParameterValue,
) -> ProbeResult:
    request = ModelRequest(
        system_prompt="You are being checked. Answer as briefly as you can.",
        entries=(Entry(role="user", text=text, media=media),),
        parameters={"max_tokens": max_tokens, "enable_thinking": False, **parameters},
    )
    clock = model.options.surroundings.monotonic
    start = clock()
    first: float | None = None
    failure: ModelError | None = None
    events: list[ModelEvent] = []
    try:
        async with aclosing(model.stream(request)) as stream:
            async for event in stream:
                events.append(event)
                if first is None and isinstance(event, TextDelta | ReasoningDelta):
                    first = clock() - start
    except ModelError as error:
        failure = error
    return ProbeResult(events=tuple(events), error=failure, first=first, seconds=clock() - start)


def red_picture() -> Media:
    """Return a small red picture as PNG (https://www.w3.org/TR/png/): eight-bit RGB, one filter byte before
    each row.
    """
    rows = (b"\x00" + b"\xff\x00\x00" * PICTURE_SIDE) * PICTURE_SIDE
    header = struct.pack(">IIBBBBB", PICTURE_SIDE, PICTURE_SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return Media(kind="image", media_type="image/png", name="red.png", data=png, tokens=PICTURE_TOKENS)
