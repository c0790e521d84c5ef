"""People on the emulated Discord."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any

from adapters.discord.events.messages import NOT_TAKEN
from adapters.discord.events.requests import NOT_STORED
from benchmarks.crash.history import Seen, Shown, State, Stored
from benchmarks.crash.people import LATEST_SECONDS, Doing, Notes
from benchmarks.crash.stored import PROBE
from bot.errors import ChangedSince
from bot.turns.asker_notices import DONE
from tests.emulators.discord import TOKEN, DiscordEmulator, rules
from tests.emulators.discord.interaction import Interaction
from tests.emulators.discord.people import CannotDo
from tests.emulators.discord.world import CHAT_INPUT, CONTEXT_MENU, DEFAULT, REPLY, Channel, Message, User
from tests.emulators.seed.answers import called
from tests.emulators.versions import Version

CHANNELS = 6
WRITTEN = frozenset({DEFAULT, REPLY, CHAT_INPUT, CONTEXT_MENU})
STOP, REGENERATE, RETRY, CONTINUE = (f"seedling:{name}:" for name in ("stop", "regenerate", "retry", "continue"))
LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 4.0
"""After three seconds Discord tells people that the application did not respond."""


class DiscordTown:
    """Ada and Ben, an administrator, and their channels, threads and direct messages with the bot."""

    ready = "Listening to Discord"

    def __init__(self, discord: DiscordEmulator, notes: Notes) -> None:
        self._discord = discord
        self._notes = notes
        self._messages: dict[str, Message] = {}  # by the question's name
        self._used: dict[str, Interaction] = {}  # the same
        self._scheduled: dict[str, Interaction] = {}  # by the channel of the digest
        self._people = [discord.person("ada"), discord.person("ben")]
        names = [f"channel-{number}" for number in range(CHANNELS)]
        self._guild = guild = discord.guild("Garden", *self._people, channels=names)
        self.workspaces: Sequence[str] = [f"discord/{guild.id}", "discord/"]
        self._admin = discord.developer
        self._channels = [channel for channel in guild.channels.values() if not channel.is_thread]
        discord.transit = self._transit

    @property
    def surroundings(self) -> Mapping[str, str]:
        """The settings of a bot that joins this Discord."""
        return {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self._discord.api_url,
            "DISCORD_GATEWAY_URL": self._discord.gateway_url,
        }

    @property
    def doings(self) -> Mapping[str, tuple[float, Doing]]:
        """What people do here."""
        return {
            "question": (4, self._question),
            "direct question": (2, self._direct),
            "follow-up": (3, self._follow_up),
            "burst": (1, self._burst),
            "stop": (1, self._stop),
            "regenerate": (0.7, self._regenerate),
            "set": (1, self._set),
            "form": (0.7, self._form),
            "deletion": (0.5, self._delete),
            "edit": (1, self._edit),
            "file": (0.7, self._file),
            "asked by command": (1, self._ask_by_command),
            "continue": (0.5, self._continue),
            "digest": (0.2, self._digest),
        }

    async def begin(self) -> None:
        """Come with nothing to open."""

    async def settled(self) -> None:
        """Wait for nothing: Discord delivers once, or never."""

    async def close(self) -> None:
        """Let nobody wait for anything."""

    # ------------------------------------------------------------ what people do

    async def _question(self) -> None:
        await self._ask(self._somebody(), self._notes.chance.choice(self._channels))

    async def _direct(self) -> None:
        person = self._somebody()
        await self._ask(person, self._discord.direct(person))

    async def _follow_up(self) -> None:
        threads = self._threads()
        if threads:
            await self._ask(self._somebody(), self._notes.chance.choice(threads[-8:]))

    async def _burst(self) -> None:
        chance, person, threads = self._notes.chance, self._somebody(), self._threads()
        place = chance.choice(threads[-8:]) if threads and chance.random() < 0.7 else self._discord.direct(person)
        for _ in range(chance.randint(2, 4)):
            await self._ask(person, place)

    async def _stop(self) -> None:
        await self._press("stop", STOP)

    async def _regenerate(self) -> None:
        await self._press("regenerate", REGENERATE)

    async def _continue(self) -> None:
        await self._press("continue", CONTINUE)

    async def _edit(self) -> None:
        """Change one's own question: either is right, by when the bot heard of it."""
        asked = [item for item in self._notes.asked[-10:] if item.removed_at is None and item.name in self._messages]
        if asked:
            chosen = self._notes.chance.choice(asked)
            message = self._messages[chosen.name]
            chosen.expected.append(called(chosen.name, 30).partition(": ")[2])
            mention = f"{self._discord.mention()} " if message.channel.guild else ""
            self._discord.edit(message.author, message, f"{mention}call {chosen.name}, 30 words ({chosen.secret})")

    async def _file(self) -> None:
        content = b"The harbour opens at nine.\n" * 20
        await self._ask(self._somebody(), self._notes.chance.choice(self._channels), files=[("notes.txt", content)])

    async def _ask_by_command(self) -> None:
        """Ask by the slash command; what says that the bot is thinking becomes the answer."""
        channel = self._notes.chance.choice(self._channels)
        asked, text = self._notes.question(str(channel.id), is_command=True)
        with suppress(CannotDo):
            used = self._discord.slash(self._somebody(), channel, "ask", {"question": text})
            self._used[asked.name] = used
            asked.place = f"{channel.id}/{used.id}"
            await self._perhaps_again(used)

    async def _press(self, kind: Any, control: str) -> None:
        """Press a button under an answer that has it."""
        found = [(message, name) for message in self._answers() for name in _controls(message, control)]
        if found:
            message, name = self._notes.chance.choice(found[-10:])
            self._notes.press(kind, _place(message))
            with suppress(CannotDo):
                await self._perhaps_again(self._discord.press(self._admin, message, name))

    async def _set(self) -> None:
        """Set something until it is taken, as people do when Discord says that the application did not respond."""
        channel = self._notes.chance.choice(self._channels)
        pause = 1.0
        while True:
            value, at = self._notes.next_value(str(channel.id))
            used = self._discord.slash(
                self._admin, channel, "set", {"parameter": PROBE, "where": "channel", "value": value}
            )
            taken = await self._taken(used)
            self._notes.set(str(channel.id), value, at=at, taken_at=taken)
            await self._perhaps_again(used)
            if taken is not None:
                return
            await asyncio.sleep(pause)
            pause *= 2

    async def _taken(self, used: Interaction) -> float | None:
        """Return when people saw that a command was carried out, None where they did not."""
        with suppress(TimeoutError):
            await used.shown(PATIENCE_SECONDS)
            return None if _could_not(used) else time.time()
        return None

    async def _form(self) -> None:
        """Set something in a form, which may be open while processes end; once, for people see whether it was taken."""
        channel, person = self._notes.chance.choice(self._channels), self._admin
        with suppress(CannotDo, TimeoutError):
            panel = (await self._discord.slash(person, channel, "settings").shown(PATIENCE_SECONDS)).original
            offered = _list_with(panel, PROBE) if panel else ""
            if panel is None or not offered:  # they were told that it could not be opened
                return
            form = await self._discord.select(person, panel, offered, [PROBE]).shown(PATIENCE_SECONDS)
            await asyncio.sleep(self._notes.chance.uniform(0.3, LATEST_SECONDS))
            value, at = self._notes.next_value(str(channel.id))
            sent = self._discord.submit_modal(person, form, {"value": value})
            await self._perhaps_again(sent)
            for _ in range(int(PATIENCE_SECONDS / LOOK_SECONDS)):
                await asyncio.sleep(LOOK_SECONDS)
                if f"**{PROBE}**: `{value}`" in _words(panel):
                    self._notes.set(str(channel.id), value, at=at, taken_at=time.time())
                    return

    async def _digest(self) -> None:
        """Have a digest posted at the next minute, in a channel of its own."""
        due = self._notes.digest_at(UTC)
        if due is None:
            return
        channel = self._discord.channel(self._guild, f"news-{self._notes.counts['digest']}")
        with suppress(CannotDo):
            used = self._discord.slash(self._admin, channel, "digest", {"words": f"add daily at {due:%H:%M}"})
            self._scheduled[str(channel.id)] = used
            await self._perhaps_again(used)

        async def say(news: str) -> None:
            self._discord.say(self._people[1], channel, news)

        await self._notes.say_news(str(channel.id), due, say)

    async def _delete(self) -> None:
        """Delete one's own question, answered or not."""
        asked = [item for item in self._notes.asked[-20:] if item.removed_at is None and item.name in self._messages]
        if asked:
            chosen = self._notes.chance.choice(asked)
            message = self._messages[chosen.name]
            chosen.removed_at = time.time()
            self._discord.delete(message.author, message)

    async def _ask(self, person: User, channel: Channel, *, files: Sequence[tuple[str, bytes]] = ()) -> None:
        asked, text = self._notes.question(str(channel.id))
        is_direct = channel.guild is None
        words = text if is_direct else f"{self._discord.mention()} {text}"
        message = self._discord.say(person, channel, words, attachments=files)
        self._messages[asked.name] = message
        if not (is_direct or channel.is_thread):
            asked.place = str(message.id)  # the thread that the answer opens
        if self._notes.chance.random() < 0.2:
            await asyncio.sleep(self._notes.chance.uniform(0, LATEST_SECONDS))
            self._discord.tell_again(message)

    async def _perhaps_again(self, used: Interaction) -> None:
        if self._notes.chance.random() < 0.3:
            await asyncio.sleep(self._notes.chance.uniform(0, LATEST_SECONDS))
            self._discord.interact_again(used)

    def _somebody(self) -> User:
        return self._notes.chance.choice(self._people)

    def _threads(self) -> list[Channel]:
        return [channel for channel in self._discord.channels.values() if channel.is_thread]

    def _transit(self, method: str, template: str) -> float:
        is_writing = method in {"POST", "PATCH"} and "/messages" in template
        if is_writing and self._notes.chance.random() < 0.25:
            return self._notes.chance.uniform(0, LATEST_SECONDS)
        return 0.0

    # ------------------------------------------------------------ what is to be seen

    def _written(self) -> list[Message]:
        """Return all that the bot ever wrote."""
        every = [message for channel in self._discord.channels.values() for message in channel.messages.values()]
        own = [message for message in every if message.author is self._discord.bot and message.type in WRITTEN]
        return [message for message in own if not message.content.endswith(f"> {DONE}")]  # only tells of an answer

    def _answers(self) -> list[Message]:
        return [message for message in self._written() if not message.deleted and not message.ephemeral]

    def finish(self, stored: Stored) -> None:
        """Note when each question was stored; every message is owed an answer, and each command that was taken."""
        for asked in self._notes.asked:
            used = self._used.get(asked.name)
            is_taken = used.is_acknowledged and not _could_not(used) if used else asked.name in self._messages
            asked.acknowledged_at = asked.at if is_taken else None
            asked.stored_at = stored.accepted.get(asked.name)
        taken = [place for place, used in self._scheduled.items() if used.is_acknowledged and not _could_not(used)]
        self._notes.scheduled = dict.fromkeys(taken, 1)
        posted = Counter(str(message.channel.id) for message in self._answers())
        self._notes.digests = {place: posted[place] for place in self._notes.due}

    def shown(self) -> Sequence[Shown]:
        """All that the bot wrote, for everybody or for one person."""
        return [
            Shown(
                id=str(message.id),
                place=_place(message),
                seen=[
                    Seen(
                        at=each.at,
                        text=_answer(each.text),
                        state=_state(each, message.ephemeral),
                        is_cut=any(name.startswith(CONTINUE) for name in each.controls),
                    )
                    for each in message.seen
                ],
                only_for=str(message.seen_by.id) if message.ephemeral and message.seen_by else "",
            )
            for message in self._written()
            if not _is_delay(message)
        ]

    def left(self) -> Sequence[str]:
        """Return what still says that the application is thinking."""
        return [
            f"{message.id} in {message.channel.id} is still thinking"
            for message in self._written()
            if message.seen[-1].growing and not message.deleted
        ]

    def violations(self) -> Sequence[str]:
        """Return what no Discord would have taken."""
        report = self._discord.report()
        return [] if report.clean else [str(report)]


def _controls(message: Message, kind: str) -> Sequence[str]:
    return [name for name in message.seen[-1].controls if name.startswith(kind)]


def _could_not(used: Interaction) -> bool:
    """Return whether people were told that a command could not be saved, or came too late."""
    return used.original is not None and used.original.content in {NOT_STORED, str(ChangedSince())}


def _list_with(panel: Message, value: str) -> str:
    """Return the custom id of the list in a panel that offers a value, "" where none does."""
    lists = (node for node in rules.walk(panel.components) if "options" in node)
    return next((str(node["custom_id"]) for node in lists if value in {item["value"] for item in node["options"]}), "")


def _words(panel: Message) -> str:
    """Return what stands in a panel."""
    return "\n".join([panel.content, *(str(node.get("content", "")) for node in rules.walk(panel.components))])


def _is_delay(message: Message) -> bool:
    """Return whether a message only tells that the bot tries again to save what somebody wrote."""
    return message.content == NOT_TAKEN


def _place(message: Message) -> str:
    """Return the conversation of a message: its channel or thread, or the command that it answers."""
    by_command = f"/{message.interaction['id']}" if message.interaction and not message.ephemeral else ""
    return f"{message.channel.id}{by_command}"


def _answer(text: str) -> str:
    """Return what a message says but for the small print under it."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("-# "))


def _state(version: Version, is_private: bool) -> State:
    if version.removed:
        return "removed"
    if version.growing:
        return "thinking"
    if any(name.startswith(RETRY) for name in version.controls):
        return "failed"
    if is_private or any(name.startswith(REGENERATE) for name in version.controls):
        return "done"
    if any(name.startswith(STOP) for name in version.controls):
        return "writing" if version.text else "thinking"
    return "part"
