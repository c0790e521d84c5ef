"""Dispatch the deliveries of either connection to Bolt, and by it to their handlers; acknowledge what is stored."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.api.workspace import Origin, SlackWorkspace, Workspaces
from adapters.slack.events.backfill import SlackBackfill
from adapters.slack.events.event_payloads import ChangeEvent, ChannelEvent, Interaction, ReactionEvent, RevocationEvent
from adapters.slack.events.hello import HelloHandler
from adapters.slack.events.interactions import InteractionHandler
from adapters.slack.events.messages import SlackMessageHandler
from adapters.slack.events.reactions import SlackReactionHandler
from adapters.slack.payloads import SlackMessage, as_position, moment
from adapters.slack.replies.rendering import COMMAND
from bot.chat.background_tasks import BackgroundTasks
from bot.chat.payload import Payload
from bot.errors import BotError, PlatformError, StorageError
from bot.event_errors import EventErrors
from bot.ports import AdapterStateStore, Bot, Clock

logger = logging.getLogger(__name__)

EVERYTHING: Final = re.compile(".*", re.DOTALL)
WORKSPACE: Final = "seedling.workspace"
ERRORS: Final = "seedling.errors"
"""In a request's context: the workspace that it came from, and where errors are told."""

NOT_STORED: Final = "seedling.not_stored"
"""In a request's context: the bot could not store it, so Slack must deliver it again."""

UNINSTALLED: Final = ("app_uninstalled", "tokens_revoked")
PLACES_GONE: Final = ("channel_deleted", "channel_left", "group_deleted", "group_left")
"""https://docs.slack.dev/reference/events/channel_left and the like: the bot sees nothing of that channel any more."""

HANDLED_EVENTS: Final = frozenset(
    {
        "agent_session_stopped",
        "app_home_opened",
        "app_mention",
        "channel_rename",
        "member_joined_channel",
        "message",
        "reaction_added",
        "user_change",
        *PLACES_GONE,
        *UNINSTALLED,
    }
)
"""The types of events that something is done about."""

Body = dict[str, Any]
Handler = Callable[[SlackWorkspace, Interaction], Awaitable[Any]]
P = TypeVar("P", bound=Payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """Handlers for the events of all workspaces."""

    messages: SlackMessageHandler
    interactions: InteractionHandler
    reactions: SlackReactionHandler
    hello: HelloHandler
    backfill: SlackBackfill


def make_handlers(
    bot: Bot,
    state: AdapterStateStore,
    *,
    clock: Clock,
    slack_clock: Clock,
    background: BackgroundTasks,
    errors: EventErrors,
) -> Handlers:
    """Return the handlers that hand events to `bot`; `state` remembers what was heard, by the time of Slack."""
    messages = SlackMessageHandler(bot, background)
    return Handlers(
        messages=messages,
        interactions=InteractionHandler(bot, messages, background, clock=clock),
        reactions=SlackReactionHandler(bot, messages, clock=clock),
        hello=HelloHandler(bot, messages, clock=clock),
        backfill=SlackBackfill(bot, messages, state, clock=slack_clock, errors=errors),
    )


def make_app(workspaces: Workspaces, handlers: Handlers, errors: EventErrors) -> AsyncApp:
    """Return the app with all its listeners."""

    async def authorize(context: AsyncBoltContext, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        try:
            workspace = await workspaces.find(Origin(team=team_id or "", enterprise=enterprise_id or ""))
        except (PlatformError, StorageError):
            context[NOT_STORED] = True
            raise
        context[ERRORS] = errors
        if workspace is not None:
            context[WORKSPACE] = workspace
        # Without a workspace nothing is handled. Bolt itself would answer at whatever address the delivery names.
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=workspace.bot_user if workspace else None,
            bot_id=workspace.bot_id if workspace else None,
            bot_token="-",  # noqa: S106 - Bolt wants one; all calls go through the workspace
        )

    quiet = logging.getLogger("slack_bolt")
    quiet.setLevel(logging.ERROR)  # Bolt writes whole deliveries, with what people said, into its warnings
    app = AsyncApp(
        name="seedling",
        logger=quiet,
        authorize=authorize,
        signing_secret="-",  # noqa: S106 - requests are checked before they come here
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,  # Bolt counts it as one when somebody deletes a message of the bot
        process_before_response=True,  # acknowledge when a listener has ended, not when it begins
        attaching_conversation_kwargs_enabled=False,
    )
    app.error(_telling(errors))
    _add_events(app, handlers)
    _add_ends(app, workspaces, handlers.messages)
    app.event(EVERYTHING)(_nothing)
    _add_interactions(app, handlers.interactions)
    return app


def _telling(errors: EventErrors) -> Callable[..., Awaitable[None]]:
    """Return what is done about errors that reach Bolt, which itself would write their text into the log each time."""

    async def tell(error: Exception, body: Body) -> None:
        if isinstance(error, BotError):
            logger.warning("event not handled", extra={"event": kind_of(body), "error": str(error)})
        else:
            errors.note(kind_of(body), error)

    return tell


def _add_events(app: AsyncApp, handlers: Handlers) -> None:
    async def handle_and_note(workspace: SlackWorkspace, message: SlackMessage) -> None:
        await handlers.messages.on_message(workspace, message)
        at = moment(message.ts) or moment(message.event_ts)
        if at is not None and message.channel:
            await handlers.backfill.positions.heard(workspace.team, message.channel, as_position(at))

    interactions = handlers.interactions
    for name in ("app_mention", "message"):
        app.event({"type": name})(_event(SlackMessage, handle_and_note))
    app.event({"type": "agent_session_stopped"})(_event(ChannelEvent, interactions.session_stopped))
    app.event({"type": "app_home_opened"})(_event(ChannelEvent, interactions.home_opened))
    app.event({"type": "member_joined_channel"})(_event(ChannelEvent, handlers.hello.joined))
    app.event({"type": "reaction_added"})(_event(ReactionEvent, handlers.reactions.added))
    app.event({"type": "user_change"})(_event(ChangeEvent, interactions.member_changed))
    app.event({"type": "channel_rename"})(_event(ChangeEvent, interactions.place_changed))


def _add_ends(app: AsyncApp, workspaces: Workspaces, message_handler: SlackMessageHandler) -> None:
    for name in PLACES_GONE:
        app.event({"type": name})(_event(ChannelEvent, message_handler.on_place_gone))
    for name in UNINSTALLED:
        app.event({"type": name})(_uninstalled(workspaces, message_handler))


def _add_interactions(app: AsyncApp, interactions: InteractionHandler) -> None:
    app.command(COMMAND)(_acknowledged(interactions.command))
    app.shortcut(EVERYTHING)(_acknowledged(interactions.shortcut))
    app.action(EVERYTHING)(_acknowledged(interactions.action))
    app.view(EVERYTHING)(_submitted(interactions))
    app.options(EVERYTHING)(_no_options)
    app.command(EVERYTHING)(_acknowledge)
    app.view_closed(EVERYTHING)(_acknowledge)


def _event(payload: type[P], handler: Callable[[SlackWorkspace, P], Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
    """Return a listener that parses the inner event."""

    async def listener(context: AsyncBoltContext, body: Body) -> None:
        await guarded(context, body, lambda workspace: handler(workspace, payload.read(body.get("event"))))

    return listener


def _acknowledged(handler: Handler) -> Callable[..., Awaitable[None]]:
    async def listener(context: AsyncBoltContext, body: Body, ack: Any) -> None:
        await ack()
        await guarded(context, body, lambda workspace: handler(workspace, Interaction.read(body)))

    return listener


def _submitted(interactions: InteractionHandler) -> Callable[..., Awaitable[None]]:
    async def listener(context: AsyncBoltContext, body: Body, ack: Any) -> None:
        found = await guarded(
            context, body, lambda workspace: interactions.submitted(workspace, Interaction.read(body))
        )
        errors: Mapping[str, str] = found or {}
        await (ack(response_action="errors", errors=dict(errors)) if errors else ack())

    return listener


def _uninstalled(workspaces: Workspaces, message_handler: SlackMessageHandler) -> Callable[..., Awaitable[None]]:
    async def listener(context: AsyncBoltContext, body: Body) -> None:
        event = RevocationEvent.read(body.get("event"))
        if event.type == "tokens_revoked" and not event.tokens.bot:
            return  # those of persons, of whom nothing is kept
        try:
            origin = Origin(team=context.team_id or "", enterprise=context.enterprise_id or "")
            for team in await workspaces.uninstalled(origin):
                await message_handler.on_workspace_gone(team)
        except StorageError:
            context[NOT_STORED] = True
            raise

    return listener


async def _nothing(context: AsyncBoltContext) -> None:
    """Take an event that nobody waits for; without a listener Bolt would not acknowledge it."""


async def _acknowledge(ack: Any) -> None:
    await ack()


async def _no_options(ack: Any) -> None:
    await ack(options=[])


async def guarded(context: AsyncBoltContext, body: Body, handle: Callable[[SlackWorkspace], Awaitable[Any]]) -> Any:
    """Let something be handled; only what storage could not take goes back to Slack, to be delivered again."""
    workspace = context.get(WORKSPACE)
    if not isinstance(workspace, SlackWorkspace):
        return None
    try:
        return await handle(workspace)
    except StorageError as error:
        context[NOT_STORED] = True
        logger.warning("event not stored; Slack delivers it again", extra={"error": str(error)})
    except PlatformError as error:
        logger.warning("event not handled", extra={"error": str(error)})
    except Exception as error:  # noqa: BLE001 - told by its kind; the next delivery is taken
        errors: EventErrors = context[ERRORS]
        errors.note(kind_of(body), error)
    return None


# ------------------------------------------------------------ one delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer to one delivery; `taken` False asks Slack to deliver it again."""

    taken: bool = True
    payload: Any = None


class EventDispatcher:
    """Dispatches deliveries; nothing in one of them can raise."""

    def __init__(self, app: AsyncApp, errors: EventErrors) -> None:
        self._app = app
        self._errors = errors

    async def envelope(self, envelope: Mapping[str, Any]) -> Acknowledgement:
        """Handle what came over Socket Mode; return how it is acknowledged."""
        if not isinstance(envelope.get("payload"), dict):
            return Acknowledgement()  # the SDK would raise for some of these
        request = SocketModeRequest.from_dict(dict(envelope))
        if request is None:
            return Acknowledgement()
        return await self._dispatch(body=request.payload, headers=build_headers(request) or {}, mode="socket_mode")

    async def post(self, body: str, headers: Mapping[str, Any]) -> Acknowledgement:
        """Handle what came over HTTP, its signature checked; return how it is acknowledged."""
        return await self._dispatch(body=body, headers=dict(headers), mode="http")

    async def _dispatch(self, *, body: Any, headers: Mapping[str, Any], mode: str) -> Acknowledgement:
        parsed: Any = None
        try:
            request = AsyncBoltRequest(mode=mode, body=_with_team(body), headers=dict(headers))
            parsed = request.body  # Bolt parses whatever is JSON
            if not isinstance(parsed, dict):
                return Acknowledgement()
            response = await self._app.async_dispatch(request)
            if request.context.get(NOT_STORED):
                return Acknowledgement(taken=False)
            if response.status != 200:
                extra = {"event": kind_of(parsed), "status": response.status}
                logger.info("event from Slack not handled", extra=extra)
                return Acknowledgement()
            return Acknowledgement(payload=_payload(response.body, response.first_headers().get("content-type", "")))
        except Exception as error:  # noqa: BLE001 - told by its kind; the next delivery is taken
            self._errors.note(kind_of(parsed), error)
            return Acknowledgement()


def _with_team(body: Any) -> Any:
    """Return a delivery with its workspace where Bolt looks for it: in the first of `authorizations`, if there are any.

    Slack says that the list holds one that is visible to the app, not all that there is to know of it:
    https://docs.slack.dev/apis/events-api/#authorizations
    """
    parsed = json.loads(body) if isinstance(body, str) and body.startswith("{") else body
    team = parsed.get("team_id") if isinstance(parsed, Mapping) else None
    given = parsed.get("authorizations") if team else None
    if given is None:
        return body
    first = given[0] if isinstance(given, list) and given else None
    if isinstance(first, Mapping) and first.get("team_id"):
        return body
    told = [{**first, "team_id": team}] if isinstance(first, Mapping) else []
    fixed = {**parsed, "authorizations": told}
    return json.dumps(fixed) if isinstance(body, str) else fixed


def kind_of(body: object) -> str:
    """Return what a delivery is, in Slack's words: an event with its subtype, an interaction, a slash command."""
    if not isinstance(body, Mapping):
        return "delivery"
    event = body.get("event")
    if isinstance(event, Mapping):
        return ".".join(str(event[name]) for name in ("type", "subtype") if event.get(name))
    return str(body.get("type") or ("slash_commands" if "command" in body else "delivery"))


def _payload(body: str, content_type: str) -> Any:
    if not body:
        return None
    return json.loads(body) if content_type.startswith("application/json") else body
