"""Serving the emulator on a loopback port, inside a test or in a process of its own."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import format_datetime

from aiohttp import web

from tests.emulators.slack.arguments import read_arguments
from tests.emulators.slack.control import Control
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.interactions import InteractiveSlack
from tests.emulators.slack.methods.table import READERS
from tests.emulators.slack.options import Options
from tests.emulators.slack.recorder import Recorded, redacted

LOOPBACK = "127.0.0.1"
MOST_BODY_BYTES = 64_000_000
_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in to Slack</body></html>"


class RunningSlack(InteractiveSlack):
    """An emulator with an address: `api_url` ends in /api/, `origin` does not."""

    async def serve_call(self, request: web.Request) -> web.Response:
        """A call of the Web API."""
        try:
            name = request.match_info["method"]
            token, values = await read_arguments(request, takes_json=name not in READERS)
        except SlackError as error:
            return web.json_response(error.to_json())
        reply = await self.answer(name, token, values)
        if reply.dropped and request.transport is not None:
            request.transport.abort()
        date = format_datetime(self.clock.now(), usegmt=True)  # RFC 9110, 6.6.1
        return web.json_response(reply.body, status=reply.status, headers={"Date": date, **reply.headers})

    async def serve_response(self, request: web.Request) -> web.Response:
        """A response_url: five uses within thirty minutes."""
        record = self._recorder.add("response_url", {}, self.clock.now())
        if mishap := self._broken(request, record):
            return mishap
        right = self.surfaces.use_response(request.match_info["key"])
        if right is None:
            record.status, record.error = 404, "used_url"
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        record.arguments = redacted(body)
        record.error = self.respond(right, body) if isinstance(body, dict) else "invalid_payload"
        record.ok, record.status = not record.error, 400 if record.error else 200
        self.happened()
        return web.Response(text=record.error or "ok", status=record.status)

    async def serve_upload(self, request: web.Request) -> web.Response:
        """The bytes of a file, raw or as a form."""
        file = self.world.files.get(request.match_info["file"])
        if file is None or file.completed:
            return web.Response(status=404)
        if request.content_type.startswith("multipart/"):
            part = (await request.post()).get("file") or (await request.post()).get("filename")
            file.content = part.file.read() if isinstance(part, web.FileField) else b""
        else:
            file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")

    async def serve_file(self, request: web.Request) -> web.Response:
        """A file for whoever has the token; everybody else gets the page to sign in, with status 200."""
        record = self._recorder.add("file", {"path": request.path}, self.clock.now())
        if mishap := self._broken(request, record):
            return mishap
        header = request.headers.get("Authorization", "")
        file = self.world.files.get(request.match_info["file"].rpartition("-")[2])
        try:
            workspace = self.workspace_of(header.removeprefix("Bearer "))
        except SlackError as error:
            record.error = error.code
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        if file is None or file.team != workspace.id or file.deleted or not self._reads_files():
            record.error = "no_permission"
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        record.ok, record.status = True, 302 if file.redirect else 200
        if file.redirect:
            return web.Response(status=302, headers={"Location": file.redirect})
        return web.Response(body=file.content, content_type=file.mimetype)

    def _broken(self, request: web.Request, record: Recorded) -> web.Response | None:
        """The mishap of a request that is no call of the Web API, if there is one."""
        fault = self.faults.take(record.method)
        if fault is None:
            return None
        record.fault, record.error, record.status = True, fault.error or "fault", fault.http_status
        if fault.drop and request.transport is not None:
            request.transport.abort()
        return web.Response(status=fault.http_status, text=fault.error)

    def _reads_files(self) -> bool:
        return not self.options.scopes or "files:read" in self.options.scopes


@asynccontextmanager
async def running_slack(options: Options | None = None, *, port: int = 0) -> AsyncIterator[RunningSlack]:
    """Serve an emulator in this event loop until the block is left; port 0 is a free one."""
    with socket.create_server((LOOPBACK, port), backlog=1024) as listener:
        slack = RunningSlack(options or Options(), f"http://{LOOPBACK}:{listener.getsockname()[1]}")
        runner = web.AppRunner(make_app(slack), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            yield slack
        finally:
            await slack.deliveries.aclose()
            await slack.sockets.aclose()
            await slack.webhooks.aclose()
            await runner.cleanup()


def make_app(slack: RunningSlack) -> web.Application:
    """The routes of the emulator."""
    app = web.Application(client_max_size=MOST_BODY_BYTES)
    app.router.add_route("*", "/api/{method}", slack.serve_call)
    app.router.add_get("/link/", slack.sockets.handle)
    app.router.add_post("/{kind:actions|commands|app}/{team}/{key}", slack.serve_response)
    app.router.add_route("*", "/upload/v1/{file}", slack.serve_upload)
    app.router.add_routes(Control(slack).routes())
    app.router.add_get("/files-pri/{file}/{rest:.+}", slack.serve_file)
    return app
