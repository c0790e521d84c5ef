"""The emulator's state, and the story of one request: checked, answered, billed and recorded."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from hmac import compare_digest
from typing import Any

from bot.types import Usage
from tests.emulators.clock import MovableClock
from tests.emulators.seed import faults as faulty
from tests.emulators.seed import validation
from tests.emulators.seed.billing import WHISPER_MINUTE, Account, UsageEvent, price_card
from tests.emulators.seed.cache import PrefixCache
from tests.emulators.seed.completion import Author, Completion
from tests.emulators.seed.errors import ApiError, bad_request, gateway_error, invalid
from tests.emulators.seed.faults import Fault, FaultQueue
from tests.emulators.seed.limits import MinuteLimit
from tests.emulators.seed.options import Options
from tests.emulators.seed.recorder import Recorded, Recorder, plain_headers
from tests.emulators.seed.request import Ask, Message, Part
from tests.emulators.seed.wires.table import Wire

MOST_STORED = 1_000
MOST_BODY_BYTES = 64_000_000  # API reference, section 4

_BEARER = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request with its answer, ready to be written by its wire."""

    ask: Ask
    completion: Completion
    faults: tuple[Fault, ...]
    record: Recorded


class SeedEmulator:
    """Everything that one emulated account knows.

    `requests` are the recorded requests, `clock` can be moved, `fault` injects a fault, `account` holds balance and
    usage events, `limit` counts the minute.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = MovableClock()
        self.account = Account(price_card(options.cached_price), options.balance)
        self.faults = FaultQueue()
        self.cache = PrefixCache(
            self.clock, block_tokens=options.cache_block_tokens, lifetime_s=options.cache_lifetime_s
        )
        self.limit = MinuteLimit(self.clock, rpm=options.rpm, tpm=options.tpm)
        self._recorder = Recorder(options.keep_requests)
        self._author = Author(options, self.clock, self.cache, self.account)
        self._stored: OrderedDict[str, tuple[Message, ...]] = OrderedDict()
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def requests(self) -> list[Recorded]:
        """The kept requests to the three endpoints, the oldest first."""
        return self._recorder.records

    async def settled(self) -> None:
        """Wait until every request has been answered, or its client is known to have left."""
        await self._idle.wait()

    def forget_requests(self) -> None:
        """Drop the recorded requests."""
        self._recorder.clear()

    def fault(self, kind: str, **details: Any) -> None:
        """Let a fault of `faults.KINDS` happen to the next request. Raises `ValueError` for an unknown one."""
        self.faults.add(Fault(kind=kind, **details))

    def note(self, path: str, headers: Mapping[str, str], raw: bytes) -> Recorded:
        """Record that a request came in."""
        record = Recorded(
            number=self._recorder.count + 1,
            at=self.clock.now(),
            path=path,
            headers=plain_headers(headers),
            raw=raw,
            body={},
        )
        self._recorder.add(record)
        self._open += 1
        self._idle.clear()
        return record

    def authorise(self, headers: Mapping[str, str]) -> None:
        """Check the key in `Authorization: Bearer` or `x-api-key`. Raises `ApiError` (401)."""
        if not self.options.api_key:
            return
        given = headers.get("x-api-key", "")
        bearer = headers.get("authorization", "")
        if bearer.lower().startswith(_BEARER):
            given = bearer[len(_BEARER) :]
        if not given:
            raise gateway_error("missing_api_key", "Missing API key")
        if not compare_digest(given.encode(), self.options.api_key.encode()):
            raise gateway_error("invalid_api_key", "Invalid API key")

    def prepare(self, wire: Wire, record: Recorded, headers: Mapping[str, str]) -> Prepared:
        """Check and answer one request. Raises `ApiError`; a fault that replaces the reply comes as `Prevented`."""
        self.authorise(headers)
        record.body = _parse(record.raw)
        record.faults = self.faults.take(record.path, caching=bool(record.body.get("enable_caching")))
        if record.faults and record.faults[0].stage == "reply":
            raise Prevented(record.faults[0])
        self.limit.enter()
        if self.account.balance <= 0:
            raise gateway_error("insufficient_credits", "Insufficient credits")
        model = validation.text_of(record.body, "model")
        if model != self.options.model:
            raise gateway_error("model_not_found", f"The model {model!r} does not exist")
        ask = self._with_history(wire.read(record.body, self.options))
        record.ask = ask
        if self.options.sound != "model" and any(part.kind == "audio" for each in ask.messages for part in each.parts):
            raise invalid("messages", "this model takes no sound")
        completion = self._author.complete(ask, faulty.tweaks_of(record.faults))
        record.identity_injected = completion.identity_injected
        return Prepared(ask=ask, completion=completion, faults=record.faults, record=record)

    def settle(self, prepared: Prepared, *, share: float = 1.0) -> None:
        """Bill an answer, `share` of it when the client left early, and remember it when it is to be stored."""
        completion, record = prepared.completion, prepared.record
        used = completion.usage
        if share < 1:
            used = replace(used, output=round(used.output * share), reported_cost=None)
            used = replace(used, reasoning=min(used.reasoning, used.output))
        record.usage = used
        self.limit.spend(used.input + used.output)
        self._book(record, used, self.account.card.cost(used))
        if prepared.ask.store and share == 1:
            said = Message(role="assistant", parts=(Part(kind="text", text="".join(completion.text) or " "),))
            self._stored[f"resp_{completion.id}"] = (*prepared.ask.messages, said)
            while len(self._stored) > MOST_STORED:
                self._stored.popitem(last=False)

    def refuse(self, record: Recorded, status: int, code: str) -> None:
        """Book a request that was not answered."""
        record.status, record.code = status, code
        self._book(record, Usage(), Decimal(0))

    def bill_sound(self, path: str, seconds: int) -> Decimal:
        """Book a transcription by the minute; return what it costs."""
        cost = seconds * WHISPER_MINUTE / 60
        event = UsageEvent(
            id=f"evt_sound_{len(self.account.events)}",
            at=self.clock.now(),
            model="whisper-1",
            endpoint=path,
            usage=Usage(),
            cost=cost,
        )
        self.account.record(event)
        return cost

    def _book(self, record: Recorded, used: Usage, cost: Decimal) -> None:
        self.account.record(
            UsageEvent(
                id=f"evt_{record.number:08d}",
                at=self.clock.now(),
                model=self.options.model,
                endpoint=record.path,
                usage=used,
                cost=cost,
                status_code=record.status,
                error=record.code or None,
            )
        )
        self._open -= 1
        if not self._open:
            self._idle.set()

    def _with_history(self, ask: Ask) -> Ask:
        """`ask` with the stored messages before it, when it names an earlier response."""
        if not ask.previous_id:
            return ask
        history = self._stored.get(ask.previous_id)
        if history is None:
            why = f"Previous response with id {ask.previous_id!r} not found."
            raise bad_request("InvalidParameter.PreviousResponseNotFound", why, param="previous_response_id")
        return replace(ask, messages=(*history, *ask.messages))


class Prevented(Exception):
    """A fault replaces the reply."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


def _parse(raw: bytes) -> Mapping[str, Any]:
    if len(raw) > MOST_BODY_BYTES:
        raise ApiError(413, "RequestTooLarge", "The request body is too large.", kind="invalid_request_error")
    try:
        body = json.loads(raw)
        if b"\\ud" in raw.lower():  # half of a pair cannot be sent back
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise bad_request("InvalidParameter", "The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise bad_request("InvalidParameter", "The request body is not a JSON object.")
    return body
