"""The routes of the emulator as a web application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache

from aiohttp import web

from tests.emulators.discord.connection import Connection
from tests.emulators.discord.control import control_routes
from tests.emulators.discord.emulator import DiscordEmulator
from tests.emulators.discord.rest import account, channels, commands, guilds, interactions, messages
from tests.emulators.discord.rest.call import Handler
from tests.emulators.discord.rest.pipeline import Pipeline
from tests.emulators.discord.rules import REQUEST_BYTES
from tests.emulators.discord.specification import operations

Endpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]

HANDLERS: dict[tuple[str, str], Handler] = {
    **account.ROUTES,
    **messages.ROUTES,
    **channels.ROUTES,
    **guilds.ROUTES,
    **commands.ROUTES,
    **interactions.ROUTES,
}


PIPELINE = web.AppKey("pipeline", Pipeline)


def make_app(emulator: DiscordEmulator) -> web.Application:
    """The application over one emulator: REST, gateway, CDN and control."""
    app = web.Application(client_max_size=2 * REQUEST_BYTES)
    app[PIPELINE] = Pipeline(emulator)
    for resource in _rest(validate=emulator.options.validate):
        app.router.register_resource(resource)
    app.router.add_route("GET", "/gateway/", _gateway(emulator))
    app.router.add_route("GET", "/cdn/attachments/{channel_id}/{attachment_id}/{name}", _attachment(emulator))
    app.router.add_routes(control_routes(emulator))
    return app


@cache
def _rest(*, validate: bool) -> Sequence[web.AbstractResource]:
    """The paths of REST for every application: there are so many that a test would be as long in making them."""
    router = web.UrlDispatcher()
    every: Iterable[tuple[str, str]] = {*HANDLERS, *(operations() if validate else ())}
    for method, template in sorted(every, key=_most_exact_first):
        router.add_route(method, f"/api/v10{template}", _endpoint(template, HANDLERS.get((method, template))))
    router.add_route("*", "/api/{rest:.*}", _endpoint("?", None))
    return list(router.resources())


def _most_exact_first(operation: tuple[str, str]) -> tuple[list[bool], str, str]:
    """A fixed step of a path, as `@me`, goes before one with a name."""
    method, template = operation
    return [step.startswith("{") for step in template.split("/")], template, method


def _endpoint(template: str, handler: Handler | None) -> Endpoint:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await request.app[PIPELINE].answer(request, template if template != "?" else request.path, handler)

    return answer


def _gateway(emulator: DiscordEmulator) -> Endpoint:
    async def serve(request: web.Request) -> web.StreamResponse:
        return await Connection(emulator).serve(request)

    return serve


def _attachment(emulator: DiscordEmulator) -> Endpoint:
    async def download(request: web.Request) -> web.StreamResponse:
        wanted = {
            name: int(value) for name, value in request.match_info.items() if value.isdecimal() and name != "name"
        }
        channel = emulator.channels.get(wanted.get("channel_id", 0))
        messages_there = channel.messages.values() if channel else ()
        for message in messages_there:
            for attachment in message.attachments:
                is_present = request.query.get("hm") == f"{attachment.signature:x}" and not message.deleted
                if attachment.id == wanted.get("attachment_id") and is_present:
                    return web.Response(body=attachment.data, content_type=attachment.content_type.partition(";")[0])
        for attachment in emulator.loose_attachments:
            if attachment.id == wanted.get("attachment_id"):
                return web.Response(body=attachment.data, content_type=attachment.content_type.partition(";")[0])
        return web.Response(status=404, text="This content is no longer available.")

    return download
