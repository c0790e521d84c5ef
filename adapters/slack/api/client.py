"""Call Slack's Web API: within the rate limits, urgent calls first, and no call repeated by chance."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError as SdkError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api.errors import TOKEN_GONE, SlackAccessRevoked, SlackApiError, SlackUnknownOutcome, verdict_of
from adapters.slack.api.limits import (
    CALLS_PER_MINUTE,
    MINUTE_SECONDS,
    OTHER_CALLS_PER_MINUTE,
    POSTS_PER_SECOND,
    STATUS_METHOD,
    STATUSES_PER_MINUTE,
)
from bot.chat.rate_limit import Priority, RateLimiter, RateLimiters
from bot.server_clock import ServerClock

logger = logging.getLogger(__name__)

Json = Mapping[str, Any]

READING: Final = frozenset(
    {
        "auth.test", "bots.info", "chat.getPermalink", "conversations.history", "conversations.info",
        "conversations.members", "conversations.replies", "files.info", "usergroups.list", "users.conversations",
        "users.info",
    }
)  # fmt: skip
"""Methods that take their arguments as a query and change nothing."""

FORMS: Final = frozenset({"files.getUploadURLExternal", "oauth.v2.access"})
"""Methods that take a form alone."""

ONCE: Final = frozenset({"chat.appendStream", "chat.postEphemeral", "chat.postMessage", "chat.startStream"})
"""Methods that do something more when they are called twice: when nobody knows, they are not repeated here."""

PATIENCE_SECONDS: Final = 600.0
"""How long a call is tried while Slack is away: an answer that is ready should not be lost to an outage."""

REVOKED_FIX: Final = "install the app again or set its new token, and start again. Questions wait for that."

FIRST_REST_SECONDS: Final = 0.5
LONGEST_REST_SECONDS: Final = 30.0


class SlackClient:
    """The Web API as one workspace's bot.

    `token` gives its token, `on_token_refused` is called when Slack no longer accepts it. `minute` is how many
    seconds a minute of Slack's limits lasts. `clock` is told the time of Slack with every answer.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        token: Callable[[], Awaitable[str]],
        *,
        on_token_refused: Callable[[str], None] = lambda _code: None,
        minute: float = MINUTE_SECONDS,
        clock: ServerClock | None = None,
    ) -> None:
        self._client = client
        self.clock = clock or ServerClock()
        self._token = token
        self._on_token_refused = on_token_refused
        self._minute = minute
        self._limiters = RateLimiters(self._new_limiter)
        self._told_revoked = False

    def limiter(self, method: str, place: str = "") -> RateLimiter:
        """Return the rate limit of a method, or of one channel or thread where Slack counts those apart."""
        return self._limiters.get((method, place))

    def _new_limiter(self, of: tuple[str, str]) -> RateLimiter:
        method, place = of
        if method == STATUS_METHOD:
            return RateLimiter(STATUSES_PER_MINUTE, seconds=self._minute)
        if place:
            return RateLimiter(POSTS_PER_SECOND, seconds=self._minute / MINUTE_SECONDS)
        return RateLimiter(CALLS_PER_MINUTE.get(method, OTHER_CALLS_PER_MINUTE), seconds=self._minute)

    async def call(
        self,
        method: str,
        arguments: Json,
        *,
        priority: Priority = Priority.NORMAL,
        patience: float = PATIENCE_SECONDS,
    ) -> Json:
        """Call a method; a place is waited for, and what Slack surely did not do tried again, for `patience` seconds.

        Raises `SlackApiError`, and `SlackUnknownOutcome` when a call that must not be repeated may have been done.
        """
        loop = asyncio.get_running_loop()
        until, rest = loop.time() + patience, FIRST_REST_SECONDS
        while True:
            try:
                async with self._place(method, arguments, priority, until):
                    return await self._once(method, arguments)
            except _NotDone as trouble:
                if trouble.seconds:  # of one channel, where Slack counts those apart: others go on
                    self._limiters_of(method, arguments)[0].pause(trouble.seconds)
                if loop.time() + max(rest, trouble.seconds) >= until or (method in ONCE and trouble.unsure):
                    raise SlackUnknownOutcome(
                        method, str(trouble), maybe_done=trouble.unsure, retry_after=trouble.seconds
                    ) from trouble
                if not trouble.seconds:
                    await asyncio.sleep(rest)
                    rest = min(rest * 2, LONGEST_REST_SECONDS)

    async def try_call(self, method: str, arguments: Json, *, reserved: int = 0) -> Json | None:
        """Call a method if there is room for progress, once; None when it was surely not done. Raises as `call`."""
        place = str(arguments.get("thread_ts", "")) if method == STATUS_METHOD else ""
        if not self.limiter(method, place).may_progress(reserved):
            return None
        try:
            return await self.call(method, arguments, priority=Priority.PROGRESS, patience=0)
        except SlackUnknownOutcome as error:
            if error.maybe_done:
                raise
            return None

    async def respond(self, url: str, content: Json) -> bool:
        """Answer where something was pressed or typed, in a way that its author alone sees; whether Slack took it."""
        if not self._is_slack(url) or self._client.session is None:
            return False
        try:
            body = {"response_type": "ephemeral", "replace_original": False, **content}
            async with self._client.session.post(url, json=body, allow_redirects=False) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    @asynccontextmanager
    async def download(self, url: str, *, seconds: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield a file of Slack's, with the token, which goes nowhere else. Raises `SlackApiError` and
        `SlackUnknownOutcome`.
        """
        if not self._is_slack(url) or self._client.session is None:
            raise SlackApiError("file", "foreign_host")
        headers = {"Authorization": f"Bearer {await self._token()}"}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._client.session.get(
                url, headers=headers, allow_redirects=False, timeout=timeout
            ) as response:
                if response.status != 200:
                    raise SlackApiError("file", f"HTTP {response.status}")
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SlackUnknownOutcome("file", type(error).__name__) from error

    async def send_file(self, url: str, data: bytes, *, seconds: float) -> None:
        """Send the bytes of a file where Slack has told. Raises `SlackApiError` and `SlackUnknownOutcome`."""
        if not self._is_slack(url) or self._client.session is None:
            raise SlackApiError("file", "foreign_host")
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with self._client.session.post(url, data=data, allow_redirects=False, timeout=timeout) as response:
                if response.status != 200:
                    raise SlackApiError("file", f"HTTP {response.status}")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SlackUnknownOutcome("file", type(error).__name__) from error

    def _is_slack(self, url: str) -> bool:
        """Return whether an address is one of Slack, or of the server that stands for it."""
        theirs, ours = urlsplit(url), urlsplit(self._client.base_url)
        if theirs.scheme == "https" and (theirs.hostname or "").endswith(".slack.com"):
            return True
        return not (ours.hostname or "").endswith("slack.com") and theirs[:2] == ours[:2]

    @asynccontextmanager
    async def _place(self, method: str, arguments: Json, priority: Priority, until: float) -> AsyncIterator[None]:
        """Hold a place in every limit that the call counts in. Raises `SlackUnknownOutcome` if none is free in time."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(until):
                    for limiter in self._limiters_of(method, arguments):
                        await stack.enter_async_context(limiter.call(priority))
            except TimeoutError as error:
                seconds = self._limiters_of(method, arguments)[0].paused
                raise SlackUnknownOutcome(method, "no place in time", maybe_done=False, retry_after=seconds) from error
            yield

    def _limiters_of(self, method: str, arguments: Json) -> Sequence[RateLimiter]:
        """Return the limits that a call counts in, the narrowest first."""
        if method == STATUS_METHOD:
            return [self.limiter(method, str(arguments["thread_ts"]))]
        if method == "chat.postMessage":
            return [self.limiter(method, str(arguments["channel"])), self.limiter(method)]
        return [self.limiter(method)]

    async def _once(self, method: str, arguments: Json) -> Json:
        token = await self._token()
        self._client.token = token or None
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            if method in READING:
                response = await self._client.api_call(method, http_verb="GET", params=given)
            elif method in FORMS:
                response = await self._client.api_call(method, data=given)
            else:
                response = await self._client.api_call(method, json=given)
        except SdkError as error:
            trouble = self._read_error(method, error)
            if isinstance(trouble, SlackAccessRevoked):
                self._on_token_refused(trouble.code)
                if await self._token() != token:  # renewed by another process meanwhile
                    trouble = _NotDone(trouble.code)
                else:
                    self._tell_revoked(trouble.code)
            raise trouble from error
        except RuntimeError as error:
            if self._client.session is None or not self._client.session.closed:
                raise
            raise SlackUnknownOutcome(method, "Slack was left before it was done", maybe_done=False) from error
        except aiohttp.ClientConnectorError as error:
            raise _NotDone(f"cannot connect: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _NotDone(type(error).__name__, unsure=True) from error
        self._told_revoked = False
        self.clock.note_header(response.headers.get("Date"))
        data = response.data
        return data if isinstance(data, dict) else {}

    def _tell_revoked(self, code: str) -> None:
        """Tell the operator once that the token is of no use any more."""
        if not self._told_revoked:
            self._told_revoked = True
            logger.error("Slack no longer accepts the bot's token (%s): %s", code, REVOKED_FIX)

    def _read_error(self, method: str, error: SdkError) -> Exception:
        status, body = error.response.status_code, error.response.data
        code = str(body.get("error", "")) if isinstance(body, dict) else ""
        if status == 429 or code in {"ratelimited", "rate_limited"}:
            seconds = _seconds(error.response.headers.get("Retry-After"))
            logger.warning("rate limited by Slack", extra={"method": method, "seconds": seconds})
            return _NotDone("rate limited", seconds=seconds)
        verdict = verdict_of(code)
        if status >= 500 or not code or verdict.passes:
            return _NotDone(code or f"HTTP {status}", unsure=verdict.maybe_done or not verdict.passes)
        if code in TOKEN_GONE:
            return SlackAccessRevoked(method, code)
        return SlackApiError(method, code, needed=str(body.get("needed") or "") if isinstance(body, dict) else "")


class _NotDone(Exception):
    """A call that was not done, or of which nobody knows (`unsure`); `seconds` is how long Slack asked to wait."""

    def __init__(self, why: str, *, seconds: float = 0.0, unsure: bool = False) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.unsure = unsure


def _seconds(header: str | None) -> float:
    try:
        return max(1.0, float(header or ""))
    except ValueError:
        return 1.0
