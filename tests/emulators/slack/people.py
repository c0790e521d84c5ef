"""What people do in Slack, as calls for tests."""

from __future__ import annotations

import html
import mimetypes
import re
import uuid
from collections.abc import Sequence
from typing import Any

from tests.emulators.slack import transcripts
from tests.emulators.slack.deliveries import Delivery
from tests.emulators.slack.emulator import Grant, SlackEmulator
from tests.emulators.slack.methods.views import view_json
from tests.emulators.slack.options import APP_ID, Options
from tests.emulators.slack.rendering import links, pinged
from tests.emulators.slack.shapes import file_json, message_json
from tests.emulators.slack.world import BOT_MESSAGE, Channel, File, Kind, Message, Person, UserGroup, Workspace

Json = dict[str, Any]

_MENTION = re.compile(r"<@(\w+)(?:\|[^>]*)?>")


class PeopledSlack(SlackEmulator):
    """Slack with people in it: Ada and Ben, and the bot with them in #general."""

    def __init__(self, options: Options, origin: str) -> None:
        super().__init__(options, origin)
        self.ada = self.person("Ada")
        self.ben = self.person("Ben")
        self.general = self.channel("general")

    def workspace(self, name: str, token: str = "") -> Workspace:
        """Another workspace with the app installed; its bot has a token of its own."""
        workspace = self.world.new_workspace(name, token or f"xoxb-emulator-{len(self.world.workspaces) + 1}")
        self._set_lifetime(workspace)
        return workspace

    def person(self, name: str, *, team: Workspace | None = None, **facts: Any) -> Person:
        """Somebody new, with any fact of `world.Person`; in the first workspace unless `team` is another."""
        return self.world.new_person((team or self.team).id, name, **facts)

    def channel(
        self, name: str, *members: Person, kind: Kind = "public", team: Workspace | None = None, bot: bool = True
    ) -> Channel:
        """A channel with these members, by default everybody of the workspace, and the bot unless told otherwise."""
        team = team or self.team
        everybody = [item for item in self.world.people.values() if item.team == team.id and not item.bot_id]
        return self.world.new_channel(team.id, name, kind, [*(members or everybody), *([team.bot] if bot else [])])

    def direct(self, *people: Person) -> Channel:
        """The direct message of these people with the bot."""
        team = self.world.workspaces[people[0].team]
        return self.world.direct(team.id, [*people, team.bot])

    def group(self, name: str, *members: Person) -> str:
        """A user group; its id."""
        id = self.world.new_id("S")
        self.team.groups[id] = UserGroup(id=id, handle=name, members=[member.id for member in members])
        return id

    def file(self, person: Person, name: str, content: bytes, *, mimetype: str = "", hidden: bool = False) -> File:
        """A file that somebody can put into a message; `hidden` as one from another organisation."""
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = File(
            id=self.world.new_id("F"),
            team=person.team,
            name=name,
            content=content,
            mimetype=mimetype or guessed,
            user=person.id,
            created=int(self.clock.time()),
            hidden=hidden,
        )
        self.world.files[file.id] = file
        return file

    def mention(self, team: Workspace | None = None) -> str:
        """How the bot is mentioned in a text."""
        return f"<@{(team or self.team).bot.id}>"

    async def say(
        self,
        person: Person,
        channel: Channel,
        text: str,
        *,
        thread_ts: str = "",
        files: Sequence[File] = (),
        broadcast: bool = False,
        context: Sequence[Json] | None = None,
        attachments: Sequence[Json] = (),
    ) -> Message:
        """Somebody writes a message. A mention of the bot in a channel comes to the app twice, as in Slack.

        `context` are the entities that they look at in the agent's tab (`app_context`). `attachments` are what Slack
        puts below a message: forwards (see `forward`) and previews of links (see `unfurl`).
        """
        subtype = "thread_broadcast" if broadcast else "file_share" if files else ""
        message = Message(
            channel=channel,
            ts=self.world.new_ts(),
            author=person,
            text=text,
            blocks=[_rich_text(text)] if text else [],
            thread_ts=thread_ts,
            subtype=subtype,
            client_msg_id=str(uuid.uuid4()),
            files=list(files),
            attachments=list(attachments),
        )
        for file in files:
            file.channels.append(channel.id)
        bot = self.world.workspaces[channel.team].bot
        self.publish(message, {"app_context": {"entities": list(context)}} if context else {})
        if channel.kind != "im" and bot.id in _MENTION.findall(text):
            event = message_json(message, self.origin) | {"type": "app_mention"}
            event.pop("subtype", None)
            self.emit_in(channel, event | {"channel": channel.id, "event_ts": message.ts})
        return message

    async def post(
        self,
        app: Person,
        channel: Channel,
        text: str = "",
        *,
        blocks: Sequence[Json] = (),
        attachments: Sequence[Json] = (),
        thread_ts: str = "",
        username: str = "",
    ) -> Message:
        """Another app posts a message, or, with a `username`, a webhook of it does (subtype `bot_message`).

        An app is a `person` with a `bot_id` and an `app_id`. Nothing of what it posts is checked.
        """
        message = Message(
            channel=channel,
            ts=self.world.new_ts(),
            author=app,
            text=text,
            blocks=list(blocks),
            attachments=list(attachments),
            thread_ts=thread_ts,
            subtype=BOT_MESSAGE if username else "",
            username=username,
        )
        self.publish(message)
        return message

    async def forward(self, person: Person, message: Message, channel: Channel, text: str = "") -> Message:
        """Somebody forwards a message to a channel, with words of their own."""
        shared = self.shared(message) | {"is_share": True}
        return await self.say(person, channel, text, attachments=[shared])

    async def unfurl(self, message: Message, *attachments: Json) -> None:
        """Slack adds previews to a message, which is told as a change that is no edit."""
        with self.changing(message, edited=False):
            message.attachments += attachments

    def shared(self, message: Message) -> Json:
        """A message as an attachment of another one, as under its address."""
        told = message_json(message, self.origin)
        inner = {"team": message.author.team, "channel": message.channel.id, "ts": message.ts}
        at = f"p{message.ts.replace('.', '')}"
        shared: Json = {
            "id": 1,
            "ts": message.ts,
            "channel_id": message.channel.id,
            "channel_team": message.channel.team,
            "is_msg_unfurl": True,
            "message_blocks": [inner | {"message": {"blocks": told.get("blocks", [])}}],
            "author_id": message.author.id,
            "author_name": message.author.name,
            "author_subname": message.author.name,
            "mrkdwn_in": ["text"],
            "text": told["text"],
            "fallback": f"{message.author.name}: {told['text']}",
            "from_url": f"{self.origin}/archives/{message.channel.id}/{at}",
            "footer": "Slack Conversation",
        }
        return shared | {name: told[name] for name in ("files", "attachments") if name in told}

    async def edit(self, message: Message, text: str) -> None:
        """Its author changes a message."""
        with self.changing(message):
            message.text = text
            message.blocks = [_rich_text(text)]

    async def delete(self, message: Message) -> None:
        """Its author deletes a message."""
        self.remove(message)

    async def join(self, channel: Channel, person: Person, inviter: Person | None = None) -> None:
        """Somebody, or the bot, enters a channel."""
        self.add_member(channel, person, inviter)

    async def leave(self, channel: Channel, person: Person) -> None:
        """Somebody leaves a channel."""
        channel.members.remove(person.id)
        event = {"type": "member_left_channel", "user": person.id, "channel": channel.id, "team": channel.team}
        self.emit_in(channel, event | {"channel_type": "C", "event_ts": self.world.new_ts()})

    async def remove_bot(self, channel: Channel) -> None:
        """Somebody takes the bot out of a channel (docs.slack.dev/reference/events/channel_left and group_left)."""
        workspace = self.world.workspaces[channel.team]
        channel.members.remove(workspace.bot.id)
        kind = "channel" if channel.kind == "public" else "group"
        event = {"type": f"{kind}_left", "channel": channel.id, "actor_id": self.ada.id}
        self.emit(workspace, event | {"event_ts": self.world.new_ts()})

    async def delete_channel(self, channel: Channel) -> None:
        """An administrator deletes a channel (docs.slack.dev/reference/events/channel_deleted and group_deleted)."""
        kind = "channel" if channel.kind == "public" else "group"
        event = {"type": f"{kind}_deleted", "channel": channel.id, "actor_id": self.ada.id}
        self.emit_in(channel, event | {"event_ts": self.world.new_ts()})
        channel.members.clear()
        for message in channel.messages:
            message.deleted = True
            self.saw(message)

    async def react(self, person: Person, message: Message, name: str) -> None:
        """Somebody reacts to a message."""
        message.reactions.setdefault(name, []).append(person.id)
        event: Json = {"type": "reaction_added", "user": person.id, "reaction": name, "item_user": message.author.id}
        item = {"type": "message", "channel": message.channel.id, "ts": message.ts}
        self.emit_in(message.channel, event | {"item": item, "event_ts": self.world.new_ts()})

    async def open_app_home(self, person: Person, tab: str = "messages") -> None:
        """Somebody opens the app: its `messages` or its `home` tab."""
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.direct(person).id,
            "tab": tab,
            "event_ts": self.world.new_ts(),
        }
        workspace = self.world.workspaces[person.team]
        view = self.surfaces.homes.get(person.id)
        if tab == "home" and view:
            event["view"] = view_json(view, workspace)
        self.emit(workspace, event)

    async def press_stop(self, person: Person, message: Message) -> None:
        """Somebody presses Slack's own Stop: the streams of the thread end, and the app is told."""
        place = (message.channel.id, message.root_ts)
        session = self.surfaces.sessions.get(place)
        if session is None or session.status != "processing":
            raise AssertionError("there is no Stop button: the session of this thread is not processing")
        streams = [item for item in self.world.thread(message.channel, message.root_ts) if item.stream]
        stopped = [stream for stream in streams if stream.stream and stream.stream.state == "open"]
        for item in stopped:
            assert item.stream is not None
            item.stream.state = "stopped_by_user"
            self.saw(item)
        event = {
            "type": "agent_session_stopped",
            "channel": message.channel.id,
            "thread_ts": message.root_ts,
            "user": person.id,
            "streaming_message_ts": [item.ts for item in stopped],
            "event_ts": self.world.new_ts(),
        }
        self.emit_in(message.channel, event)

    async def rename_session(self, person: Person, message: Message, title: str) -> None:
        """Somebody gives the session of a thread another title. Raises `KeyError` without session."""
        session = self.surfaces.sessions[message.channel.id, message.root_ts]
        event = {
            "type": "agent_session_title_changed",
            "channel": message.channel.id,
            "thread_ts": message.root_ts,
            "user": person.id,
            "team_id": message.channel.team,
            "title": title,
            "previous_title": session.title,
            "event_ts": self.world.new_ts(),
        }
        session.title = title
        self.emit_in(message.channel, event)

    async def change_context(self, person: Person, entities: Sequence[Json]) -> None:
        """Somebody looks at something else while the agent's tab is open."""
        event = {
            "type": "app_context_changed",
            "user": person.id,
            "channel": self.direct(person).id,
            "context": {"entities": list(entities)} if entities else {},
            "event_ts": self.world.new_ts(),
        }
        self.emit(self.world.workspaces[person.team], event)

    async def uninstall(self, workspace: Workspace | None = None) -> None:
        """An administrator removes the app: its token dies, and it is told twice."""
        workspace = workspace or self.team
        self.revoke(workspace, "account_inactive")
        self.emit(workspace, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [workspace.bot.id]}})
        self.emit(workspace, {"type": "app_uninstalled"})

    async def authorise(self, person: Person, redirect_uri: str, *, team: Workspace | None = None) -> str:
        """Somebody agrees to install the app; the code that their browser brings to `redirect_uri`."""
        code = uuid.uuid4().hex
        workspace = team or self.world.workspaces[person.team]
        self.codes[code] = Grant(workspace=workspace, person=person, redirect_uri=redirect_uri)
        return code

    async def settled(self) -> None:
        """Wait until everything on its way to the app was acknowledged or given up."""
        await self.deliveries.settled()

    def messages(self, channel: Channel, thread_ts: str = "") -> list[Message]:
        """The messages of a channel or of one thread, the oldest first."""
        found = self.world.thread(channel, thread_ts) if thread_ts else channel.messages
        return [item for item in found if not item.deleted]

    def answers(self, channel: Channel, thread_ts: str = "") -> list[Message]:
        """Those of `messages` that the bot wrote."""
        return [message for message in self.messages(channel, thread_ts) if message.author.app_id == APP_ID]

    def shown(self, message: Message) -> str:
        """What people read in a message."""
        return transcripts.shown(message, self.world)

    def transcript(self, channel: Channel, viewer: Person | None = None) -> str:
        """What people see in a channel; ephemeral messages of one person when there is a viewer, else of all."""
        return transcripts.transcript(self, channel, viewer)

    @property
    def pings(self) -> list[tuple[Message, str]]:
        """Whom the bot's messages notified: ids, `here`, `channel`, `everyone`."""
        return [(message, who) for message in self._bot_messages() for who in pinged(message)]

    @property
    def unfurled(self) -> list[tuple[Message, str]]:
        """Addresses that Slack may have fetched for a preview of the bot's messages."""
        return [(message, link) for message in self._bot_messages() if message.unfurls for link in links(message)]

    def _bot_messages(self) -> list[Message]:
        found = (message for channel in self.world.channels.values() for message in channel.messages)
        return [item for item in found if item.author.app_id == APP_ID]

    def file_told(self, file: File) -> Json:
        """A file as events carry it."""
        return file_json(file, self.origin)


def _rich_text(text: str) -> Json:
    """The block that Slack's own composer makes of a text, in which nothing is escaped."""
    elements: list[Json] = []
    rest = 0
    for found in _MENTION.finditer(text):
        if text[rest : found.start()]:
            elements.append({"type": "text", "text": html.unescape(text[rest : found.start()])})
        elements.append({"type": "user", "user_id": found[1]})
        rest = found.end()
    if text[rest:]:
        elements.append({"type": "text", "text": html.unescape(text[rest:])})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": uuid.uuid4().hex[:5], "elements": [section]}


__all__ = ["Delivery", "PeopledSlack"]
