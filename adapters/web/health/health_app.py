"""Serve /healthz, /readyz and /metrics, and nothing else, on a listener of their own."""

from __future__ import annotations

from typing import Final

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.web.health.metrics import Metrics, QueueSource
from adapters.web.health.readiness import Readiness
from bot.ports import Clock

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def health_app(readiness: Readiness, metrics: Metrics, source: QueueSource, clock: Clock) -> Starlette:
    """Return the application; nothing in it is secret, but its address is for machines of one's own."""

    async def alive(_request: Request) -> Response:
        """Say that this process answers: if it does not, start it anew."""
        return PlainTextResponse("ok\n", headers=HEADERS)

    async def ready(_request: Request) -> Response:
        """Say what is broken with 503, so that nothing is sent here meanwhile."""
        checks = await readiness.checks()
        broken = [check for check in checks if check.ok is False]
        rows = [
            {"name": check.name, "ok": check.ok, "detail": check.detail, **({"fix": check.fix} if check.fix else {})}
            for check in checks
        ]
        body = {"ready": not broken, "reasons": [f"{check.name}: {check.detail}" for check in broken], "checks": rows}
        return JSONResponse(body, 503 if broken else 200, HEADERS)

    async def measured(_request: Request) -> Response:
        return Response(await metrics.text(source, clock), headers={**HEADERS, "Content-Type": CONTENT_TYPE_LATEST})

    app = Starlette(
        routes=[Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", measured)],
    )
    app.router.redirect_slashes = False
    return app
