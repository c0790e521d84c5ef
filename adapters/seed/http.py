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

from adapters.seed.api_errors import Problem, ProblemError, ProblemKind, problem_from_body, problem_of_connection
from adapters.seed.body import Body, check_encoding
from adapters.seed.client_options import SeedOptions
from adapters.seed.http_library import httpx
from adapters.seed.rate_limit_headers import AccountLimits, limits_in
from bot.errors import ConfigError

MAX_ERROR_BYTES = 64 * 1024  # more than any error says
REDIRECTS = frozenset({301, 302, 307, 308})  # 303 asks for another method: it points to a page
MOST_REDIRECTS = 3
REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-tt-logid", "cf-ray")
KEEP_ALIVE_SECONDS = 60.0
VERSION = re.compile(r"/(v\d+\w*/?)?$")
FormFile = tuple[str, bytes, str]
"""A file of a form: its name, its bytes, and its type."""

MOST_IDLE = 20  # httpx's own default; its pool compares every idle connection with every other one


class SeedHttp:
    """Sends requests to one server with one key over one pool of connections.

    `account_limits` are those that the newest answer told; refusals are often those of a proxy.
    """

    def __init__(self, client: httpx.AsyncClient, options: SeedOptions) -> None:
        self._client = client
        self._timeouts = options.timeouts
        self._now = options.surroundings.now
        self.account_limits = AccountLimits()

    @asynccontextmanager
    async def open(self, path: str, content: bytes, headers: Mapping[str, str], limit: float) -> AsyncIterator[Body]:
        """Post `content` and open the answer's body; leaving closes the connection unless all was read.

        `limit` bounds the wait for the head of the answer, in seconds. Raises `ProblemError`.
        """
        request = self._client.build_request("POST", path, content=content, headers=headers)
        response = await self._send(request, min(limit, self._timeouts.first_byte))
        try:
            await self._check(response)
            self.account_limits = limits_in(response.headers, self._now())
            yield Body(response, self._timeouts.read, request_id_of(response.headers))
        finally:
            await response.aclose()

    async def _send(self, request: httpx.Request, limit: float) -> httpx.Response:
        """Return the head of the answer, its body unread; follows the server's redirects. Raises `ProblemError`."""
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with asyncio.timeout(limit):
                    response = await self._client.send(request, stream=True)
            except (httpx.HTTPError, TimeoutError) as error:
                raise ProblemError(problem_of_connection(error, limit)) from error
            if not (response.status_code in REDIRECTS or response.has_redirect_location):
                return response
            await response.aclose()
            if response.status_code not in REDIRECTS:
                raise ProblemError(_redirect_problem(response, "to a page"))
            request = _redirected(request, response)
        raise ProblemError(_redirect_problem(response, "in a circle"))

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
        return await self._json_of(self._client.build_request("GET", path, params=query), self._timeouts.first_byte)

    async def _json_of(self, request: httpx.Request, limit: float) -> Any:
        """Return the JSON that is answered within `limit` seconds. Raises `ProblemError`."""
        response = await self._send(request, limit)
        try:
            async with asyncio.timeout(limit):
                await response.aread()
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProblemError(problem_of_connection(error, limit)) from error
        finally:
            await response.aclose()
        if not response.is_success:
            raise ProblemError(self._problem(response, response.content[:MAX_ERROR_BYTES]))
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise ProblemError(Problem(kind=ProblemKind.INVALID, what="no JSON came back", status=200)) from error

    async def post_form(self, path: str, fields: Mapping[str, str], files: Mapping[str, FormFile]) -> Any:
        """Return the JSON that is answered to a form with files. Raises `ProblemError`."""
        form = httpx.Request("POST", "http://form", data=dict(fields), files=dict(files))
        headers = {"content-type": form.headers["content-type"]}
        request = self._client.build_request("POST", path, content=form.read(), headers=headers)
        return await self._json_of(request, self._timeouts.read)

    async def _check(self, response: httpx.Response) -> None:
        """Raise `ProblemError` unless an answer follows."""
        check_encoding(response.headers.get("content-encoding", ""))
        if response.is_success:
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
    """Seconds that the server asks us to wait: given as a number or as an HTTP date (RFC 9110, section 10.2.3).

    Azure and OpenAI tell it in milliseconds as well, which is more exact.
    """
    raw = headers.get("retry-after", "").strip()
    exact = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", exact, re.ASCII):
        return float(exact) / 1_000
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


def _redirected(request: httpx.Request, response: httpx.Response) -> httpx.Request:
    """Return the same request to where `response` sends it: the same server, or the same over TLS, since the key goes
    along. Raises `ProblemError` for any other place.
    """
    target = request.url.join(response.headers.get("location", ""))
    same_port = (target.scheme, target.port) == (request.url.scheme, request.url.port)
    upgraded = (request.url.scheme, target.scheme) == ("http", "https")
    if target.host != request.url.host or not (same_port or upgraded):
        where = f"{target.scheme}://{target.netloc.decode('ascii', 'replace').rpartition('@')[2]}{target.path}"
        raise ProblemError(_redirect_problem(response, f"to {where}"))
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    return httpx.Request(request.method, target, headers=headers, content=request.read(), extensions=request.extensions)


def _redirect_problem(response: httpx.Response, where: str) -> Problem:
    detail = f"it sends requests on {where}"
    return Problem(kind=ProblemKind.DENIED, status=response.status_code, code="redirect", detail=detail)
