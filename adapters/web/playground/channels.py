"""Make channels and remove them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.web.frame import page, read_form, render
from adapters.web.frame.routes import PageRoute
from adapters.web.playground.channel_access import CHANNELS_EACH, is_reserved, may_remove
from adapters.web.playground.message_view import place_path, present_channel
from adapters.web.playground.shared import Scene, Surroundings, furnished, surroundings
from adapters.web.playground.submit import pressed
from adapters.web.playground.visitor import visitor_of
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.types import Channel

NAME_LENGTH = 40
TOPIC_LENGTH = 200
TOO_MANY = gettext_noop(
    "You have made {most} channels, and nobody makes more. Remove one of yours first, or ask an administrator."
)
NOT_YOURS = gettext_noop("Only who made a channel and administrators can remove it.")


class Channels:
    """The forms that make a channel and remove one."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._store = scene.store

    def routes(self) -> list[PageRoute]:
        """Return their addresses."""
        removal = "/channels/{workspace}/{channel}/remove"
        return [
            page("/channels/{workspace}", self._add, methods=("POST",)),
            page(removal, self._ask),
            page(removal, self._remove, methods=("POST",)),
        ]

    async def _add(self, request: Request) -> Response:
        """Make a channel for everybody in a workspace."""
        form = await read_form(request)
        visitor = visitor_of(request)
        workspaces = await furnished(self._scene, visitor)
        workspace = next((item for item, _ in workspaces if item.id == request.path_params["workspace"]), None)
        name = "-".join(form["name"].lower().removeprefix("#").split())[:NAME_LENGTH]
        if workspace is None or not name.replace("-", "").replace("_", "").isalnum():
            raise HTTPException(400, gettext("The name of a channel has letters, digits and hyphens."))
        if is_reserved(workspace.id, name):
            raise HTTPException(400, gettext("Direct conversations are called so. Choose another name."))
        channels = await self._store.get_channels(workspace.id)
        id = next((item.id for item in channels if name in (item.id, item.name)), name)
        topic = " ".join(form["topic"].split())[:TOPIC_LENGTH]
        channel = Channel(workspace=workspace.id, id=id, name=name, topic=topic, maker=visitor.person.id)
        if not await self._store.add_channel(channel, most=None if visitor.is_admin else CHANNELS_EACH):
            raise HTTPException(400, gettext(TOO_MANY).format(most=CHANNELS_EACH))
        self._scene.hub.hear()
        return RedirectResponse(place_path(workspace.id, id), 303)

    async def _ask(self, request: Request) -> Response:
        """Ask once more, and say what goes."""
        here = await self._removable(request)
        return render(request, "playground/removal.html", channel=present_channel(here.channel))

    async def _remove(self, request: Request) -> Response:
        """Remove a channel with all that was said there."""
        here = await self._removable(request)
        await read_form(request)
        asked = pressed(self._scene, here)
        try:
            await self._scene.bot.remove_channel(here.key, asked=asked)
        except InvalidInput as error:
            raise HTTPException(403, str(error)) from error
        await self._scene.bot.mark_answered(asked)
        self._scene.hub.hear()
        return RedirectResponse("/", 303)

    async def _removable(self, request: Request) -> Surroundings:
        """Return where a request leads. Raises `HTTPException` where its person may not remove it."""
        here = await surroundings(self._scene, request)
        if not may_remove(here.channel, here.visitor.person, is_admin=here.visitor.is_admin):
            raise HTTPException(403, gettext(NOT_YOURS))
        return here
