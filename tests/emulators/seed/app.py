"""The routes of the emulator as an ASGI application."""

from __future__ import annotations

import io
import math
import wave
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.emulators.seed import faults as faulty
from tests.emulators.seed.catalogue import model_row
from tests.emulators.seed.emulator import Prepared, Prevented, SeedEmulator
from tests.emulators.seed.errors import ApiError, gateway_error, openai_envelope
from tests.emulators.seed.faults import KINDS, Fault
from tests.emulators.seed.options import Options
from tests.emulators.seed.recorder import Recorded
from tests.emulators.seed.streaming import End, EventStream, Pace, close_connection, gone, wait_for_client
from tests.emulators.seed.wires.frames import Encoder, Frame, changed
from tests.emulators.seed.wires.table import WIRES, Wire

TRANSCRIPTIONS = "/v1/audio/transcriptions"

HTML_502 = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


class ModelRoute:
    """One of the three endpoints that answer."""

    def __init__(self, emulator: SeedEmulator, wire: Wire) -> None:
        self._emulator = emulator
        self._wire = wire

    async def __call__(self, request: Request) -> Any:
        """Answer one request in the wire's own words."""
        emulator = self._emulator
        headers = {name.lower(): value for name, value in request.headers.items()}
        record = emulator.note(request.url.path, headers, await request.body())
        try:
            prepared = emulator.prepare(self._wire, record, headers)
        except Prevented as prevented:
            return self._prevented(record, prevented.fault)
        except ApiError as error:
            return self._refused(record, error)
        record.status = 200
        if prepared.ask.stream:
            return self._stream(prepared)
        return await self._whole(request, prepared)

    def _refused(self, record: Recorded, error: ApiError, *, status: int | None = None) -> Response:
        self._emulator.refuse(record, error.status, error.code)
        request_id = _request_id(record)
        headers = {"x-request-id": request_id, **self._emulator.limit.headers(self._wire.limit_headers)}
        if error.retry_after is not None:
            headers["retry-after"] = error.retry_after
        return JSONResponse(self._wire.envelope(error, request_id), status_code=status or error.status, headers=headers)

    def _prevented(self, record: Recorded, fault: Fault) -> Any:
        """The reply that a fault puts in the place of an answer."""
        error = faulty.error_of(fault)
        if fault.kind == "error_in_200" and error is not None:
            return self._error_in_200(record, error)
        if error is not None:
            return self._refused(record, error)
        match fault.kind:
            case "html_502":
                self._emulator.refuse(record, 502, fault.kind)
                return HTMLResponse(HTML_502, status_code=502)
            case "text_504":
                self._emulator.refuse(record, 504, fault.kind)
                return PlainTextResponse("upstream request timeout", status_code=504)
            case "string_error":
                self._emulator.refuse(record, 500, fault.kind)
                return JSONResponse({"error": "internal error"}, status_code=500)
            case _:
                self._emulator.refuse(record, 0, fault.kind)
                return Reset()

    def _error_in_200(self, record: Recorded, error: ApiError) -> Response:
        response = self._refused(record, error, status=200)
        if not record.body.get("stream"):
            return response
        frame = Frame(part="finish", name=self._wire.error_event, body=bytes(response.body).decode())
        return Response(Encoder().encode(frame), media_type="text/event-stream")

    def _stream(self, prepared: Prepared) -> EventStream:
        emulator, options = self._emulator, self._emulator.options
        frames = self._wire.frames(prepared.completion, prepared.ask, options)
        split = [fault.size for fault in prepared.faults if fault.kind == "split_bytes"]

        def on_end(end: End) -> None:
            prepared.record.finished = end.finished
            prepared.record.disconnected = end.client_left
            emulator.settle(prepared, share=end.share)

        stream = EventStream(
            changed(frames, faulty.changes_of(prepared.faults)),
            Encoder(faulty.style_of(prepared.faults)),
            Pace(tokens_per_second=options.tokens_per_second, first_token_s=options.first_token_s, split=sum(split)),
            total=prepared.completion.usage.output,
            on_end=on_end,
        )
        stream.headers["x-request-id"] = _request_id(prepared.record)
        stream.headers.update(emulator.limit.headers(self._wire.limit_headers))
        return stream

    async def _whole(self, request: Request, prepared: Prepared) -> Any:
        emulator, record = self._emulator, prepared.record
        body = self._wire.whole(prepared.completion, prepared.ask, emulator.options)
        kinds = {fault.kind: fault for fault in prepared.faults}
        if "missing_usage" in kinds:
            body = faulty.without_usage(body)
        pause = sum(kinds[kind].seconds or math.inf for kind in ("silence", "slow") if kind in kinds)
        stays = await wait_for_client(request.receive, pause + _seconds(prepared, emulator.options))
        record.finished = stays and not kinds.keys() & {"cut_after", "cut_before_text"}
        record.disconnected = not stays
        emulator.settle(prepared)
        told = emulator.limit.headers(self._wire.limit_headers)
        response = JSONResponse(body, headers={"x-request-id": _request_id(record), **told})
        return response if record.finished else Reset(response)


def _seconds(prepared: Prepared, options: Options) -> float:
    """How long the whole answer takes to be written."""
    speed = options.tokens_per_second
    return options.first_token_s + (prepared.completion.usage.output / speed if speed else 0.0)


class Reset:
    """A connection that is closed before any answer, or in the middle of `response`."""

    def __init__(self, response: Response | None = None) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the body, if there is one, and close the connection."""
        if self._response is not None:
            await send({"type": "http.response.start", "status": 200, "headers": self._response.raw_headers})
            half = bytes(self._response.body)[: len(self._response.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        close_connection(scope, at_once=self._response is None)
        await gone(receive)


class AccountRoutes:
    """Catalogue, account and health."""

    def __init__(self, emulator: SeedEmulator) -> None:
        self._emulator = emulator

    def _row(self) -> dict[str, Any]:
        return model_row(self._emulator.options, self._emulator.account.card)

    async def models(self, request: Request) -> Response:
        """All models: the one that there is."""
        return self._guarded(request) or JSONResponse({"object": "list", "data": [self._row()]})

    async def model(self, request: Request) -> Response:
        """One model, or 404."""
        refusal = self._guarded(request)
        if refusal:
            return refusal
        name = request.path_params["model"]
        if name != self._emulator.options.model:
            return _error(gateway_error("model_not_found", f"The model {name!r} does not exist"))
        return JSONResponse(self._row())

    async def usage(self, request: Request) -> Response:
        """Balance and usage events."""
        refusal = self._guarded(request)
        if refusal:
            return refusal
        try:
            return JSONResponse(self._emulator.account.page(dict(request.query_params)))
        except ValueError as error:
            return _error(ApiError(400, "invalid_parameter", str(error), kind="invalid_request_error"))

    async def livez(self, _: Request) -> Response:
        """Whether the gateway lives; needs no key."""
        return JSONResponse({"status": "ok"})

    async def health(self, _: Request) -> Response:
        """Whether each worker lives; needs no key."""
        worker = {"model": self._emulator.options.model, "status": "ok", "latency_ms": 1}
        return JSONResponse({"status": "ok", "workers": [worker]})

    def _guarded(self, request: Request) -> Response | None:
        try:
            self._emulator.authorise({name.lower(): value for name, value in request.headers.items()})
        except ApiError as error:
            return _error(error)
        return None


class SoundRoutes:
    """Transcriptions, at once or as a job (OpenAI, createTranscription; the gateway's jobs, which state what they cost,
    are an assumption).
    """

    def __init__(self, emulator: SeedEmulator) -> None:
        self._emulator = emulator
        self._jobs: dict[str, dict[str, Any]] = {}

    async def transcribe(self, request: Request) -> Response:
        """Say what is said in a file: here, how many bytes it has."""
        how = self._emulator.options.sound
        if how not in {"transcriptions", "jobs"}:
            return _error(ApiError(404, "not_found", "Not Found", kind="invalid_request_error"))
        async with request.form() as form:
            file, model = form.get("file"), form.get("model")
            if not isinstance(file, UploadFile) or not model:
                why = "file and model are needed"
                return _error(ApiError(400, "invalid_parameter", why, kind="invalid_request_error"))
            data = await file.read()
            said = f"These are {len(data)} bytes of {file.filename}."
        seconds = _seconds_of_sound(data)
        cost = self._emulator.bill_sound(TRANSCRIPTIONS, seconds)
        if how == "transcriptions":
            return JSONResponse({"text": said, "usage": {"type": "duration", "seconds": seconds}})
        job = f"job_{len(self._jobs) + 1}"
        self._jobs[job] = {"text": said, "cost_usd": float(cost)}
        return JSONResponse({"id": job, "status": "processing"})

    async def job(self, request: Request) -> Response:
        """Tell a job: done when it is asked for."""
        job = request.path_params["job"]
        return JSONResponse({"id": job, "status": "completed", **self._jobs.get(job, {"text": ""})})


def _seconds_of_sound(sound: bytes) -> int:
    """Return how long a WAV file is, in whole seconds."""
    with wave.open(io.BytesIO(sound)) as file:
        seconds: float = file.getnframes() / file.getframerate()
    return round(seconds)


class ControlRoutes:
    """Routes that only tests ask for: faults, time, money and records. No key is needed."""

    def __init__(self, emulator: SeedEmulator) -> None:
        self._emulator = emulator

    async def add_fault(self, request: Request) -> Response:
        """Inject a fault: `{"kind": ..., "times": ..., ...}` with the fields of `Fault`."""
        try:
            self._emulator.fault(**await request.json())
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return await self.state(request)

    async def clear_faults(self, request: Request) -> Response:
        """Drop the faults that wait."""
        self._emulator.faults.clear()
        return await self.state(request)

    async def kinds(self, _: Request) -> Response:
        """Every fault that there is, and what it does."""
        return JSONResponse({kind: words for kind, (_, words) in KINDS.items()})

    async def advance(self, request: Request) -> Response:
        """Move the clock: `{"advance": seconds}`."""
        try:
            self._emulator.clock.advance(float((await request.json())["advance"]))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return await self.state(request)

    async def fund(self, request: Request) -> Response:
        """Set the balance: `{"balance": dollars}`."""
        try:
            self._emulator.account.balance = Decimal(str((await request.json())["balance"]))
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return await self.state(request)

    async def requests(self, _: Request) -> Response:
        """The recorded requests, in short and without any text."""
        return JSONResponse([record.to_json() for record in self._emulator.requests])

    async def state(self, _: Request) -> Response:
        """Time, money and the faults that wait."""
        return JSONResponse(
            {
                "now": self._emulator.clock.now().isoformat(),
                "balance": float(self._emulator.account.balance),
                "requests": len(self._emulator.requests),
                "faults": [asdict(fault) for fault in self._emulator.faults.waiting],
            }
        )


def _request_id(record: Recorded) -> str:
    return f"req_{record.number:08d}"


def _error(error: ApiError) -> Response:
    return JSONResponse(openai_envelope(error, ""), status_code=error.status)


def make_app(emulator: SeedEmulator) -> Starlette:
    """The application over one emulator."""
    account, control, sound = AccountRoutes(emulator), ControlRoutes(emulator), SoundRoutes(emulator)
    return Starlette(
        routes=[
            *(Route(path, ModelRoute(emulator, wire).__call__, methods=["POST"]) for path, wire in WIRES.items()),
            Route("/v1/models", account.models),
            Route("/v1/models/{model:path}", account.model),
            Route("/v1/account/usage", account.usage),
            Route(TRANSCRIPTIONS, sound.transcribe, methods=["POST"]),
            Route(f"{TRANSCRIPTIONS}/{{job}}", sound.job),
            Route("/livez", account.livez),
            Route("/health", account.health),
            Route("/_control/state", control.state),
            Route("/_control/kinds", control.kinds),
            Route("/_control/requests", control.requests),
            Route("/_control/faults", control.add_fault, methods=["POST"]),
            Route("/_control/faults", control.clear_faults, methods=["DELETE"]),
            Route("/_control/clock", control.advance, methods=["POST"]),
            Route("/_control/account", control.fund, methods=["POST"]),
        ]
    )
