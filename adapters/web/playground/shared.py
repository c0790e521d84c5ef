"""Hold what every page of the playground needs, and find what somebody may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapters.web.frame.identity import PLATFORM
from adapters.web.playground.channel_access import DIRECT, HOME, direct_channel, seen_by
from adapters.web.playground.composer import Complete, ComposedMessage
from adapters.web.playground.hub import Hub
from adapters.web.playground.request_examples import Api
from adapters.web.playground.visitor import Visitor, visitor_of
from bot.language import gettext, gettext_noop
from bot.ports import Bot, Clock, WorkspaceStore
from bot.types import Channel, ConversationKey, Workspace

PAGE_SIZE = 50
TEXT_LIMIT = 40_000
FORM_BYTES = 4 * TEXT_LIMIT + 20_000
"""A text of the longest length, every character of which may take several bytes in a form."""

LENGTH = gettext_noop("A message has 1 to {most} characters.")
NO_NAME = gettext_noop("Say first what the others shall call you.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Objects that every page shares."""

    store: WorkspaceStore
    hub: Hub
    bot: Bot
    clock: Clock
    complete: Complete
    model_name: str
    notice: str
    file_bytes: int
    api: Api


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Place where somebody is: what they see, the channel, and the id of the thread or ""."""

    visitor: Visitor
    workspaces: Sequence[tuple[Workspace, Sequence[Channel]]]
    channel: Channel
    thread: str = ""

    @property
    def key(self) -> ConversationKey:
        """Return the conversation."""
        return ConversationKey(
            platform=PLATFORM, workspace=self.channel.workspace, channel=self.channel.id, thread=self.thread
        )

    def composed(self, text: str, *, token: str, at: datetime, thread: str) -> ComposedMessage:
        """Return a text as this person writes it here."""
        return ComposedMessage(
            channel=self.channel,
            thread=thread,
            author=self.visitor.person,
            text=text,
            token=token,
            at=at,
            is_admin=self.visitor.is_admin,
            zone=self.visitor.zone,
            locale=self.visitor.locale,
        )

    @property
    def workspace(self) -> Workspace:
        """Return the workspace of the channel."""
        return next(item for item, _ in self.workspaces if item.id == self.channel.workspace)

    @property
    def channels(self) -> Sequence[Channel]:
        """Return the channels of the workspace that this person sees."""
        return next(channels for item, channels in self.workspaces if item.id == self.channel.workspace)

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """Return every channel that this person sees, as workspace and id."""
        return [(channel.workspace, channel.id) for _, channels in self.workspaces for channel in channels]


async def furnished(scene: Scene, visitor: Visitor) -> Sequence[tuple[Workspace, Sequence[Channel]]]:
    """Return the workspaces with the channels that somebody sees; those without any are left out."""
    found = [
        (
            workspace,
            seen_by(visitor.person, workspace, await scene.store.get_channels(workspace.id), is_admin=visitor.is_admin),
        )
        for workspace in await scene.store.get_workspaces()
    ]
    return [(workspace, channels) for workspace, channels in found if channels]


async def surroundings(scene: Scene, request: Request) -> Surroundings:
    """Return where a request leads. Raises `HTTPException` 404 for what its person does not see."""
    visitor = visitor_of(request)
    workspaces = await furnished(scene, visitor)
    wanted = request.path_params["workspace"], request.path_params["channel"]
    by_place = {(channel.workspace, channel.id): channel for _, channels in workspaces for channel in channels}
    channel = by_place.get(wanted)
    if channel is None and wanted == (HOME.id, DIRECT):
        channel = direct_channel(visitor.person)
    if channel is None:
        raise HTTPException(404, gettext("There is no such channel, or it is not yours to see."))
    thread = request.path_params.get("thread", "")
    return Surroundings(visitor=visitor, workspaces=workspaces, channel=channel, thread=thread)


async def introduce(store: WorkspaceStore, here: Surroundings) -> None:
    """Make a person known before they first write somewhere under this name, and their direct conversation."""
    channel, person, workspace = here.channel, here.visitor.person, here.workspace
    if channel.direct:
        known = await store.get_channels(channel.workspace)
        if not any(item.id == channel.id for item in known):
            await store.put_workspace(workspace, [channel], [])
    elif person not in await store.get_people(channel.workspace):
        await store.put_workspace(workspace, [], [person])


def landing(visitor: Visitor, workspaces: Sequence[tuple[Workspace, Sequence[Channel]]]) -> Channel:
    """Return the channel that was viewed last, else the first one."""
    by_place: dict[tuple[str, ...], Channel] = {
        (channel.workspace, channel.id): channel for _, channels in workspaces for channel in channels
    }
    return by_place.get(visitor.place) or by_place.get((HOME.id, "general")) or next(iter(by_place.values()))


def query(**values: str) -> str:
    """Return the query of an address, without what is empty."""
    return "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items() if value)
