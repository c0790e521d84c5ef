"""The emulator's state, and the story of one call: authorised, counted, done or refused, recorded."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.emulators.clock import MovableClock
from tests.emulators.slack import rendering
from tests.emulators.slack.arguments import Arguments
from tests.emulators.slack.calls import Call, Method
from tests.emulators.slack.deliveries import Deliveries
from tests.emulators.slack.errors import OF_THE_WORLD, Limited, SlackError
from tests.emulators.slack.faults import Fault, Faults
from tests.emulators.slack.limits import MethodUse, RateLimits
from tests.emulators.slack.methods.table import METHODS
from tests.emulators.slack.options import EVERY_SCOPE, Options
from tests.emulators.slack.recorder import Recorded, Recorder, Violation
from tests.emulators.slack.shapes import channel_type, event_envelope, message_json, thread_json, tombstone_json
from tests.emulators.slack.sockets import Sockets
from tests.emulators.slack.surfaces import Surfaces
from tests.emulators.slack.webhooks import Webhooks
from tests.emulators.slack.world import Channel, Message, Person, Workspace, World

Json = dict[str, Any]
T = TypeVar("T")

# The subscription that a message event needs, by the type of its channel.
_SCOPES = {"reaction_added": "reactions:read"}
"""Events that are told only with a scope of their own (docs.slack.dev/reference/events/reaction_added)."""

_MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Reply to the app; `dropped` closes the connection instead."""

    body: Json
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Grant that a code of the OAuth flow stands for."""

    workspace: Workspace
    person: Person
    redirect_uri: str


class SlackEmulator:
    """Everything that Slack knows about one app.

    `requests` are the recorded calls, `violations` those that no Slack would take, `clock` can be moved. `transit` says
    for how many seconds a call of a method is under way before it has its effect.
    """

    def __init__(self, options: Options, origin: str) -> None:
        self.options = options
        self.origin = origin
        self.api_url = f"{origin}/api/"
        self.clock = MovableClock()
        self.world = World(self.clock)
        self.limits = RateLimits(self.clock.time, minute=options.minute_s, enforced=options.limits)
        self.faults = Faults()
        self.surfaces = Surfaces(self.clock)
        self.sockets = Sockets(origin, self.clock, options)
        self.webhooks = Webhooks(self.clock, options)
        transport = self.webhooks if options.request_url else self.sockets
        self.deliveries = Deliveries(transport, self.clock, options)
        self.codes: dict[str, Grant] = {}
        self.whispers: list[Message] = []
        self.transit: Callable[[str], float] = lambda _: 0.0
        self._recorder = Recorder(options.keep_requests)
        self._happened = asyncio.Event()
        self._revoked: dict[str, str] = {}
        self.team = self.world.new_workspace("Garden Works", options.bot_token)
        self._set_lifetime(self.team)

    @property
    def bot(self) -> Person:
        """The app's bot in the first workspace."""
        return self.team.bot

    @property
    def requests(self) -> list[Recorded]:
        """The kept calls, the oldest first."""
        return list(self._recorder.records)

    def calls(self, method: str) -> list[Recorded]:
        """The kept calls of one method."""
        return [record for record in self._recorder.records if record.method == method]

    @property
    def violations(self) -> list[Violation]:
        """Requests that Slack refuses whenever they come."""
        return self._recorder.violations

    @property
    def warnings(self) -> list[Violation]:
        """Requests that were done, and of which Slack's specification or advice disapproves."""
        return self._recorder.warnings

    @property
    def uses(self) -> list[MethodUse]:
        """Calls by workspace and method, against what is allowed."""
        return self.limits.uses()

    def fault(self, method: str = "*", **details: Any) -> None:
        """Let the next call of `method` go wrong, as `faults.Fault` says."""
        self.faults.add(Fault(method=method, **details))

    async def until(self, holds: Callable[[], T], *, seconds: float = 30.0) -> T:
        """Wait until the app has done what makes `holds()` true, and return that. Raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not (found := holds()):
                await self._happened.wait()
        return found

    def happened(self) -> None:
        """Let those who wait look again."""
        self._happened.set()
        self._happened = asyncio.Event()

    async def answer(self, name: str, token: str, values: Mapping[str, Any]) -> Reply:
        """Do what a call asks, and record it."""
        record = self._recorder.add(name, values, self.clock.now())
        fault = self.faults.take(name)
        record.fault = fault is not None
        delay = (fault.delay_s if fault else 0.0) + self.transit(name)
        if delay:
            await self.clock.sleep(delay)
        if fault and fault.when == "before" and (reply := _mishap(fault)):
            return self._note(record, reply)
        reply = self._done(record, name, token, Arguments(values))
        return self._note(record, (_mishap(fault) if fault and fault.when == "after" else None) or reply)

    def _done(self, record: Recorded, name: str, token: str, args: Arguments) -> Reply:
        method = METHODS.get(name)
        call: Call | None = None
        try:
            workspace = self._authorise(method, name, token)
            record.team = workspace.id
            call = Call(slack=self, workspace=workspace, args=args, method=name)
            assert method is not None  # or it would not have been authorised
            if method.per_minute:
                key = args.text(method.counted_by) if method.counted_by else ""
                self.limits.enter(workspace.id, name, method.per_minute, key)
            if method.scope:
                call.require(method.scope)
            return Reply(body={"ok": True, **method.handle(call)}, headers=self._scope_headers(method))
        except Limited as limited:
            return Reply(body=limited.to_json(), status=429, headers={"Retry-After": str(limited.retry_after)})
        except SlackError as error:
            if error.code not in OF_THE_WORLD:
                self.violations.append(Violation(method=name, error=error.code, why=error.why))
            return Reply(body=error.to_json())
        finally:
            self._keep_warnings(record, name, call)

    def _scope_headers(self, method: Method) -> Mapping[str, str]:
        """What the token may do, and what the method asks for: in the headers of every answer to a token.

        https://docs.slack.dev/authentication/tokens; slack-ruby/slack-ruby-client issue 378 has them from auth.test.
        """
        if method.token == "none" or not self.options.tells_scopes:
            return {}
        granted = ("connections:write",) if method.token == "app" else self.options.scopes or EVERY_SCOPE
        return {"x-oauth-scopes": ",".join(granted), "x-accepted-oauth-scopes": method.scope}

    def _keep_warnings(self, record: Recorded, name: str, call: Call | None) -> None:
        record.warnings = call.warnings if call else []
        self.warnings.extend(Violation(method=name, error="warning", why=warning) for warning in record.warnings)

    def _note(self, record: Recorded, reply: Reply) -> Reply:
        record.ok = bool(reply.body.get("ok")) and not reply.dropped
        record.error = "dropped" if reply.dropped else str(reply.body.get("error", ""))
        record.status = 0 if reply.dropped else reply.status
        self.happened()
        return reply

    def _authorise(self, method: Method | None, name: str, token: str) -> Workspace:
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        if method.token == "none":
            return self.team
        if not token:
            raise SlackError("not_authed")
        if method.token == "app":
            if token == self.options.app_token:
                return self.team
            raise SlackError("not_allowed_token_type" if token.startswith("xoxb-") else "invalid_auth")
        return self.workspace_of(token)

    def workspace_of(self, token: str) -> Workspace:
        """The workspace whose bot has this token. Raises `SlackError`."""
        if token in self._revoked:
            raise SlackError(self._revoked[token])
        workspace = next((item for item in self.world.workspaces.values() if item.token == token), None)
        if workspace is None:
            raise SlackError("invalid_auth")
        if workspace.expires_at and self.clock.time() >= workspace.expires_at:
            raise SlackError("token_expired")
        return workspace

    def renew_token(self, workspace: Workspace) -> None:
        """Give the bot a new token; with rotation the old one lives on until it expires on its own."""
        workspace.token = f"xox{'e.xoxb' if self.options.token_lifetime_s else 'b'}-{uuid.uuid4().hex}"
        self._set_lifetime(workspace)

    def revoke(self, workspace: Workspace, code: str) -> None:
        """Refuse the workspace's token with `code` from now on."""
        workspace.installed = False
        self._revoked[workspace.token] = code

    def _set_lifetime(self, workspace: Workspace) -> None:
        if self.options.token_lifetime_s:
            workspace.refresh_token = f"xoxe-1-{uuid.uuid4().hex}"
            workspace.expires_at = self.clock.time() + self.options.token_lifetime_s

    def saw(self, message: Message) -> None:
        """Keep what people see of a message from now on."""
        message.seen.append(rendering.version(message, self.clock.time()))

    def publish(self, message: Message, more: Json | None = None) -> None:
        """Put a message into its channel, and tell the app, with `more` in the event."""
        message.visible_at = self.clock.time() + self.options.history_lag_s
        message.channel.add(message)
        self.saw(message)
        if message.author.bot_id:
            self.surfaces.statuses.pop((message.channel.id, message.root_ts), None)
        event = message_json(message, self.origin, metadata=True) | (more or {})
        root = self.world.find(message.channel, message.thread_ts) if message.is_reply else None
        if root:
            event["parent_user_id"] = root.author.id
        self.emit_in(message.channel, self._placed(message.channel, event, message.ts))

    def whisper(self, message: Message) -> bool:
        """Show a message to one person; False in a thread without replies, where Slack does not show it."""
        thread = self.world.thread(message.channel, message.thread_ts) if message.thread_ts else []
        if message.thread_ts and not any(item.is_reply for item in thread):
            return False
        self.whispers.append(message)
        self.saw(message)
        return True

    @contextmanager
    def changing(self, message: Message, *, edited: bool = True) -> Iterator[None]:
        """Change a message, and tell the app what it was before."""
        before = thread_json(message, self.world, self.origin, metadata=True)
        said = rendering.shown(message, self.world)
        yield
        if edited:
            message.history.append(said)
            message.edited_ts = self.world.new_ts()
        self.saw(message)
        after = thread_json(message, self.world, self.origin, metadata=True)
        self._emit_change(message.channel, "message_changed", message=after, previous_message=before)

    def remove(self, message: Message) -> None:
        """Delete a message, and tell the app.

        Of one with replies a tombstone stays, so that its thread does: the app is told of a change to the subtype
        `tombstone` (docs.slack.dev/reference/events/message/message_changed).
        """
        before = thread_json(message, self.world, self.origin)
        has_replies = any(item.is_reply for item in self.world.thread(message.channel, message.ts))
        message.deleted = True
        self.saw(message)
        if has_replies and not message.is_reply:
            tombstone = tombstone_json(before)
            self._emit_change(message.channel, "message_changed", message=tombstone, previous_message=before)
            return
        self._emit_change(message.channel, "message_deleted", deleted_ts=message.ts, previous_message=before)

    def _emit_change(self, channel: Channel, subtype: str, **details: Any) -> None:
        event = {"type": "message", "subtype": subtype, "hidden": True, **details}
        ts = self.world.new_ts()
        self.emit_in(channel, self._placed(channel, event | {"ts": ts}, ts))

    def _placed(self, channel: Channel, event: Json, at: str) -> Json:
        return event | {"channel": channel.id, "event_ts": at, "channel_type": channel_type(channel)}

    def expire(self, message: Message) -> None:
        """End a stream that has been open for too long."""
        stream = message.stream
        now = self.clock.time()
        if stream and stream.state == "open" and now - stream.started_at >= self.options.stream_limit_s:
            stream.state = "expired"

    def add_member(self, channel: Channel, person: Person, inviter: Person | None = None) -> None:
        """Let somebody into a channel, brought by another one or by themselves, and tell the app when it is there.

        Who comes by themselves has no `inviter` (docs.slack.dev/reference/events/member_joined_channel).
        """
        channel.members.append(person.id)
        event = {"type": "member_joined_channel", "user": person.id, "channel": channel.id, "team": channel.team}
        event |= {"inviter": inviter.id} if inviter else {}
        kind = "C" if channel.kind == "public" else "G"
        self.emit_in(channel, event | {"channel_type": kind, "event_ts": self.world.new_ts()})

    def subscribes(self, name: str) -> bool:
        """Whether the app asked for events of this name."""
        return not self.options.events or name in self.options.events

    def emit_in(self, channel: Channel, event: Json) -> None:
        """Tell the app what happened in a channel, if its bot is in it."""
        workspace = self.world.workspaces[channel.team]
        if workspace.bot.id in channel.members:
            self.emit(workspace, event, shared=channel.is_ext_shared)

    def emit(self, workspace: Workspace, event: Json, *, shared: bool = False) -> None:
        """Tell the app that something happened, if it is installed and subscribes to it."""
        kind = str(event["type"])
        name = _MESSAGES[event["channel_type"]] if kind == "message" else kind
        scope = _SCOPES.get(kind, "")
        if self.options.scopes and scope and scope not in self.options.scopes:
            return
        if not self.subscribes(name) or not (workspace.installed or kind in {"app_uninstalled", "tokens_revoked"}):
            return
        at = int(self.clock.time())
        envelope = event_envelope(workspace, event, id=self.world.new_id("Ev"), at=at, shared=shared)
        self.deliveries.send("events_api", envelope)


def _mishap(fault: Fault) -> Reply | None:
    """What goes back instead of an answer; None when the fault was only a delay."""
    if fault.drop:
        return Reply(body={}, dropped=True)
    if fault.http_status == 429:
        return Reply(
            body={"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(fault.retry_after)}
        )
    if fault.error or fault.http_status != 200:
        return Reply(body={"ok": False, "error": fault.error or "internal_error"}, status=fault.http_status)
    return None
