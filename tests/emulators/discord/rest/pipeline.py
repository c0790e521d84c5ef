"""The story of one REST request: recorded, let in, checked, carried out, answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web
from multidict import CIMultiDict

from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, no_route, unauthorised, wrong_form
from tests.emulators.discord.faults import Fault
from tests.emulators.discord.posting import File
from tests.emulators.discord.recorder import Recorded
from tests.emulators.discord.rest.call import Call, Handler, Reply
from tests.emulators.discord.rules import REQUEST_BYTES

JSON = "application/json"  # exactly so; discord.py treats anything else as text
_OPEN = ("/interactions/", "/webhooks/{webhook_id}/{webhook_token}", "/gateway")
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


class Dropped(Exception):
    """The connection is to be broken."""


@dataclass(slots=True, kw_only=True)
class Read:
    """A body as it came."""

    body: Any = None
    files: list[File] = field(default_factory=list)
    form: bool = False


class Pipeline:
    """Answers every operation; `handler` does what the operation is about."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def answer(self, request: web.Request, template: str, handler: Handler | None) -> web.StreamResponse:
        """Answer one request."""
        core = self._core
        record = core.recorder.add(core.clock.now(), request.method, request.path, request.query_string)
        record.template = template
        fault = core.faults.next(request.method, template)
        headers: CIMultiDict[str] = CIMultiDict()
        try:
            await self._under_way(request, template)
            early = await self._before(fault, record)
            reply = early or await self._carry_out(request, template, handler, record, headers)
            _drop_after(fault)
        except Dropped:
            assert request.transport is not None
            request.transport.abort()
            core.touch()
            return web.Response()
        except ApiError as error:
            reply = _error_response(error, headers)
            record.code = error.code
            core.specification.check_answer(request.method, template, error.status, error.body())
        record.status = reply.status
        core.recorder.statuses[reply.status] += 1
        core.limits.note_status(reply.status, shared=reply.headers.get("X-RateLimit-Scope") == "shared")
        core.touch()
        return reply

    async def _under_way(self, request: web.Request, template: str) -> None:
        """Hold a request up that has left its client, which may be gone before it has its effect."""
        delay = self._core.transit(request.method, template)
        if delay and request.content_type == JSON:
            await request.read()
            await self._core.clock.sleep(delay)

    async def _before(self, fault: Fault | None, record: Recorded) -> web.Response | None:
        """What a fault, or a ban of the address, does before the request is looked at."""
        if self._core.limits.banned:
            return web.Response(status=429, text=_HTML.format("Error 1015"), content_type="text/html")
        if fault is None:
            return None
        record.fault = fault.kind
        if fault.kind == "drop_before":
            raise Dropped
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        return _faulty(fault)

    async def _carry_out(
        self, request: web.Request, template: str, handler: Handler | None, record: Recorded, headers: CIMultiDict[str]
    ) -> web.Response:
        core = self._core
        if handler is None:
            core.specification.report.not_modelled[f"{request.method} {template}"] += 1
            raise no_route()
        self._authorise(request, template)
        path = request.match_info
        _check_ids(path)
        verdict = core.limits.enter(request.method, template, path)
        headers.update(verdict.headers)
        if verdict.retry_after is not None:
            return limited(verdict.retry_after, verdict.scope, verdict.headers)
        read = await _read(request)
        record.body, record.files = read.body, len(read.files)
        query = dict(request.query)
        core.specification.check_request(request.method, template, read.body, query, form=read.form)
        try:
            reply = handler(core, Call(path=dict(path), query=query, body=read.body, files=read.files))
        except ApiError as error:
            if error.code == 50035:
                core.specification.refuse(request.method, template, error)
            raise
        record.effect = True
        core.specification.check_answer(request.method, template, reply.status, reply.body)
        return _response(reply, headers)

    def _authorise(self, request: web.Request, template: str) -> None:
        """Raises `ApiError` 401; interactions are known by their own tokens."""
        if template.startswith(_OPEN) and template != "/gateway/bot":
            return
        if request.headers.get("Authorization") != f"Bot {self._core.options.token}":
            raise unauthorised()


def _faulty(fault: Fault) -> web.Response | None:
    """The answer that a fault puts in the place of the true one."""
    match fault.kind:
        case "5xx":
            return _json(fault.status, {"message": f"{fault.status}: Internal Server Error", "code": 0}, {})
        case "refuse":
            raise ApiError(fault.status, fault.code, f"refused with {fault.code}")
        case "html_502":
            return web.Response(status=502, text=_HTML.format("502 Bad Gateway"), content_type="text/html")
        case "429_cloudflare":
            return web.Response(status=429, text=_HTML.format("Error 1015"), content_type="text/html")
        case "429" | "429_global" | "429_shared":
            return limited(fault.seconds, fault.kind.removeprefix("429").lstrip("_") or "user", {})
        case _:
            return None


def _drop_after(fault: Fault | None) -> None:
    if fault is not None and fault.kind == "drop_after":
        raise Dropped


def _check_ids(path: Mapping[str, str]) -> None:
    for name, value in path.items():
        if name.endswith("_id") and not (value.isascii() and value.isdecimal() and int(value) < 1 << 63):
            raise wrong_form([name], "NUMBER_TYPE_COERCE", f'Value "{value[:40]}" is not snowflake.')


async def _read(request: web.Request) -> Read:
    """The body of a request. Raises `ApiError` 50109 or 40005."""
    if not request.body_exists:
        return Read()
    if (request.content_length or 0) > REQUEST_BYTES:
        raise ApiError(413, 40005, "Request entity too large")
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    raw = await request.read()
    if not raw:
        return Read()
    return Read(body=_parsed(raw))


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from error


async def _read_form(request: web.Request) -> Read:
    read = Read(body={}, form=True)
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise ApiError(400, 50109, "The request body contains invalid JSON.")
            data = bytes(await part.read(decode=True))
            name = part.name or ""
            if name == "payload_json":
                read.body = _parsed(data)
            elif name.startswith("files["):
                kind = part.headers.get("Content-Type", "application/octet-stream")
                key = int(name.removeprefix("files[").removesuffix("]"))
                read.files.append(File(key=key, filename=part.filename or "file", content_type=kind, data=data))
    except ValueError as error:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from error
    return read


def limited(seconds: float, scope: str, headers: Mapping[str, str]) -> web.Response:
    """A 429 as Discord sends it; with `Via`, by which discord.py knows that it is not a ban."""
    told = {
        **headers,
        "Via": "1.1 google",
        "Retry-After": str(max(1, round(seconds))),
        "X-RateLimit-Scope": scope,
        "X-RateLimit-Reset-After": f"{seconds:.3f}",
    }
    if scope == "global":
        told["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": scope == "global"}
    return _json(429, body, told)


def _error_response(error: ApiError, headers: Mapping[str, str]) -> web.Response:
    told = dict(headers)
    if error.retry_after is not None:
        told |= {"Via": "1.1 google", "Retry-After": str(round(error.retry_after)), "X-RateLimit-Scope": "shared"}
    return _json(error.status, error.body(), told)


def _response(reply: Reply, headers: Mapping[str, str]) -> web.Response:
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    return _json(reply.status, reply.body, headers)


def _json(status: int, body: Any, headers: Mapping[str, str]) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), headers={**headers, "Content-Type": JSON})
