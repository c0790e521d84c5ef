"""The platform's command: `python -m tests.emulators.platform --port 0 --seed 1` prints its address and serves."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.emulators.platform.state import PlatformState, Weather

LOOPBACK = "127.0.0.1"
PRIORITY = -10
"""It stands for the world outside, which is no slower because this machine is busy; needs rights to be set."""


def make_app(state: PlatformState) -> Starlette:
    """The platform's API."""

    async def post(request: Request) -> Response:
        return JSONResponse({"id": await state.post(**await request.json())})

    async def edit(request: Request) -> Response:
        done = await state.edit(request.path_params["id"], **await request.json())
        return Response(status_code=204 if done else 404)

    async def remove(request: Request) -> Response:
        done = await state.remove(request.path_params["id"])
        return Response(status_code=204 if done else 404)

    async def find(request: Request) -> Response:
        return JSONResponse({"id": state.find(request.query_params["key"])})

    async def record(_: Request) -> Response:
        return JSONResponse(state.record())

    return Starlette(
        routes=[
            Route("/messages", post, methods=["POST"]),
            Route("/messages/{id}", edit, methods=["PATCH"]),
            Route("/messages/{id}", remove, methods=["DELETE"]),
            Route("/find", find),
            Route("/record", record),
        ]
    )


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calm", action="store_true", help="everything arrives at once")
    given = parser.parse_args()
    with suppress(PermissionError):
        os.nice(PRIORITY)
    calm = Weather(late_share=0, longest_flight=0, longest_edit=0, longest_lag=0)
    app = make_app(PlatformState(calm if given.calm else Weather(), given.seed))
    with socket.create_server((LOOPBACK, given.port), backlog=1024) as listener:
        print(f"http://{LOOPBACK}:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
