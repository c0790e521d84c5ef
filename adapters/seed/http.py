"""HTTP for every protocol: one pooled client, timeouts, and failures as plain problems."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from adapters.seed.api_errors import Problem, ProblemError, ProblemKind, problem_from_body
from adapters.seed.client_options import SeedOptions
from bot.errors import ConfigError

MAX_ERROR_BYTES = 64 * 1024  # more than any error says
MAX_BODY_BYTES = 32 * 1024 * 1024
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-tt-logid", "cf-ray")
KEEP_ALIVE_SECONDS = 60.0
VERSION = re.compile(r"/(v\d+\w*/?)?$")
MOST_IDLE = 20  # httpx's own default; its pool compares every idle connection with every other one


class Body:
    """The body of an answer that began well: server-sent events, in the pieces that the network brought."""

    __slots__ = ("_pieces", "_usual_limit", "_whole", "request_id")

    def __init__(self, response: httpx.Response, usual_limit: float) -> None:
        # Without an encoding the stream below httpx's decoders gives the same bytes at half the price.
        source = response.aiter_bytes if "content-encoding" in response.headers else response.stream.__aiter__  # type: ignore[union-attr]  # an async client's stream
        self._pieces = source()
        self._usual_limit = usual_limit
        self._whole = "json" in response.headers.get("content-type", "")
        self.request_id = request_id_of(response.headers)

    async def read(self, limit: float) -> bytes:
        """Return the next piece, b"" at the end. Raises `ProblemError` when nothing came for `limit` seconds or the
        line broke.
        """
        try:
            if self._whole:
                return await self._read_whole(limit)
            if limit >= self._usual_limit:  # the connection's own timeout is cheaper than one more timer
                return await self._read_piece()
            async with asyncio.timeout(limit):
                return await self._read_piece()
        except StopAsyncIteration:
            return b""
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProblemError(problem_of_connection(error, limit)) from error

    async def _read_piece(self) -> bytes:
        while not (piece := await self._pieces.__anext__()):
            pass  # an empty piece is not the end
        return piece

    async def _read_whole(self, limit: float) -> bytes:
        """Return an answer that came in one piece although a stream was asked for, as a stream of one event."""
        self._whole = False
        whole = bytearray()
        async with asyncio.timeout(limit):
            async for piece in self._pieces:
                whole += piece
                if len(whole) > MAX_BODY_BYTES:
                    raise ProblemError(
                        Problem(kind=ProblemKind.BUSY, what="the model API sent more than any answer needs")
                    )
        return b"data: " + bytes(whole).replace(b"\r", b" ").replace(b"\n", b" ") + b"\n\n"


class SeedHttp:
    """Sends requests to one server with one key over one pool of connections."""

    def __init__(self, client: httpx.AsyncClient, options: SeedOptions) -> None:
        self._client = client
        self._timeouts = options.timeouts
        self._now = options.surroundings.now

    @asynccontextmanager
    async def open(self, path: str, content: bytes, headers: Mapping[str, str], limit: float) -> AsyncIterator[Body]:
        """Post `content` and open the answer's body; leaving closes the connection unless all was read.

        `limit` bounds the wait for the head of the answer, in seconds. Raises `ProblemError`.
        """
        request = self._client.build_request("POST", path, content=content, headers=headers)
        limit = min(limit, self._timeouts.first_byte)
        try:
            async with asyncio.timeout(limit):
                response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProblemError(problem_of_connection(error, limit)) from error
        try:
            await self._check(response)
            yield Body(response, self._timeouts.read)
        finally:
            await response.aclose()

    @property
    def base_url(self) -> str:
        """The address of the API."""
        return str(self._client.base_url)

    async def get_at_root(self, path: str) -> Any:
        """Return the JSON at `path` beside the API's version: "/props" for ".../v1". Raises `ProblemError`."""
        base = self._client.base_url
        return await self.get(str(base.copy_with(raw_path=VERSION.sub("", base.path).encode() + path.encode())))

    async def get(self, path: str, **query: str) -> Any:
        """Return the JSON at `path`. Raises `ProblemError`."""
        limit = self._timeouts.first_byte
        try:
            async with asyncio.timeout(limit):
                response = await self._client.get(path, params=query)
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProblemError(problem_of_connection(error, limit)) from error
        if response.status_code != 200:
            raise ProblemError(self._problem(response, response.content[:MAX_ERROR_BYTES]))
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise ProblemError(Problem(kind=ProblemKind.INVALID, what="no JSON came back", status=200)) from error

    async def _check(self, response: httpx.Response) -> None:
        """Raise `ProblemError` unless an answer follows."""
        kind = response.headers.get("content-type", "")
        if response.status_code == 200 and "html" not in kind:
            return
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeouts.idle):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ERROR_BYTES:
                        break
        except (httpx.HTTPError, TimeoutError):
            body.clear()  # the status alone tells enough
        raise ProblemError(self._problem(response, bytes(body)))

    def _problem(self, response: httpx.Response, body: bytes) -> Problem:
        return problem_from_body(
            body,
            status=response.status_code,
            request_id=request_id_of(response.headers),
            retry_after=retry_after_of(response.headers, self._now()),
        )


@asynccontextmanager
async def open_http(base_url: str, api_key: str | None, options: SeedOptions) -> AsyncIterator[SeedHttp]:
    """Yield the HTTP part for the life of the process. Raises `ConfigError` for an address or a key that cannot be
    sent.
    """
    headers = {"accept-encoding": "identity", "content-type": "application/json", "user-agent": "seedling"}
    if api_key is not None:
        key = api_key.strip()
        if not key.isascii() or not key.isprintable() or not key or " " in key:
            raise ConfigError("SEED_API_KEY", "is no key: it has blanks or characters that no key has")
        headers["authorization"] = f"Bearer {key}"
    timeouts = options.timeouts
    client = httpx.AsyncClient(
        base_url=with_version(base_url),
        headers=headers,
        timeout=httpx.Timeout(timeouts.read, connect=timeouts.connect),
        limits=httpx.Limits(max_keepalive_connections=MOST_IDLE, keepalive_expiry=KEEP_ALIVE_SECONDS),
        transport=options.surroundings.transport,
    )
    async with client:
        yield SeedHttp(client, options)


def with_version(base_url: str) -> str:
    """Return the address of the API; a bare host means the API's first version. Raises `ConfigError`."""
    if not names_a_server(base_url):
        raise ConfigError("SEED_BASE_URL", "must be a URL that starts with http:// or https:// and names a server")
    bare = base_url.rstrip("/")
    return bare if httpx.URL(bare).path.strip("/") else f"{bare}/v1"


def names_a_server(base_url: str) -> bool:
    """Return whether a request can be addressed to it at all: what fails here would fail later, outside of httpx's
    errors.
    """
    try:
        url = httpx.URL(base_url)
        labels = url.host.encode("idna").split(b".")
    except (httpx.InvalidURL, UnicodeError):
        return False
    return url.scheme in {"http", "https"} and all(labels) and 0 < (url.port or 80) < 65_536


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the id under which the server knows this request."""
    return next((headers[name][:80] for name in REQUEST_ID_HEADERS if headers.get(name)), None)


def retry_after_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks us to wait: given as a number or as an HTTP date (RFC 9110, section 10.2.3)."""
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(raw) - now).total_seconds()
        except (ValueError, TypeError):  # a date without a zone is no HTTP date
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def problem_of_connection(error: Exception, limit: float) -> Problem:
    """Return what a failed or silent connection means; names no address, since one may carry a key."""
    match error:
        case httpx.ConnectTimeout() | httpx.ConnectError():
            what = "the model API cannot be reached"
        case TimeoutError() | httpx.ReadTimeout():
            what = f"the model API said nothing for {limit:.3g} seconds"
        case _:
            what = "the connection to the model API broke"
    return Problem(kind=ProblemKind.CUT, what=what, code=type(error).__name__)
