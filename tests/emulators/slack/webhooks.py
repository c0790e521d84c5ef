"""The Events API: signed requests to the app's address."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from tests.emulators.clock import MovableClock
from tests.emulators.slack.deliveries import Answer, Delivery
from tests.emulators.slack.options import VERIFICATION_TOKEN, Options


class Webhooks:
    """Posts to `request_url`. `async with` gives it a client session."""

    def __init__(self, clock: MovableClock, options: Options) -> None:
        self._clock = clock
        self._url = options.request_url
        self._ack_s = options.ack_s
        self._secret = options.signing_secret
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, delivery: Delivery) -> Answer:
        """Post it, as JSON or as a form."""
        headers: dict[str, str] = {}
        if delivery.answers:
            headers = {
                "X-Slack-Retry-Num": str(len(delivery.answers)),
                "X-Slack-Retry-Reason": delivery.retry_reason,
            }
        match delivery.kind:
            case "events_api":
                return await self.post(json.dumps(delivery.payload), "application/json", headers)
            case "slash_commands":
                body = urlencode(delivery.payload)
            case "interactive":
                body = urlencode({"payload": json.dumps(delivery.payload)})
        return await self.post(body, "application/x-www-form-urlencoded", headers)

    async def verify(self, challenge: str) -> bool:
        """Whether the address answers Slack's challenge, as it must before events are sent there."""
        body = {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}
        answer = await self.post(json.dumps(body), "application/json", {})
        said = answer.payload["challenge"] if isinstance(answer.payload, dict) else answer.payload
        return not answer.failed and said == challenge

    async def post(self, body: str, content_type: str, headers: dict[str, str]) -> Answer:
        """Post signed bytes and wait for an answer as long as Slack does, on the emulator's clock."""
        at = str(int(self._clock.time()))
        signature = SignatureVerifier(self._secret).generate_signature(timestamp=at, body=body)
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": str(signature),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        asking = asyncio.create_task(self._ask(body.encode(), signed | headers), name="post to the app")
        limit = asyncio.create_task(self._clock.sleep(self._ack_s), name="time to acknowledge")
        try:
            await asyncio.wait({asking, limit}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else Answer(failed="http_timeout")
        finally:
            limit.cancel()
            asking.cancel()

    async def _ask(self, body: bytes, headers: dict[str, str]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                text = await response.text()
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                if response.status // 100 != 2:
                    return Answer(failed="http_error", no_retry=no_retry)
                return Answer(payload=_payload(text, response.content_type))
        except aiohttp.ClientError:
            return Answer(failed="connection_failed")

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _payload(text: str, content_type: str) -> Any:
    if not text:
        return None
    return json.loads(text) if content_type == "application/json" else text
