"""People on the emulated Slack."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from benchmarks.crash.history import Asked, Press, Shown, Stored
from benchmarks.crash.people import LATEST_SECONDS, Doing, Notes
from benchmarks.crash.slack_sights import (
    CONTINUE,
    OF_DELETIONS,
    REGENERATE,
    STOP,
    answers,
    controls,
    is_digest,
    left,
    place_of,
    repeated,
    shown,
    told_of,
    written,
)
from benchmarks.crash.stored import PROBE
from tests.emulators.seed.answers import called
from tests.emulators.slack import Channel, File, Message, Person, RunningSlack
from tests.emulators.slack.deliveries import Delivery

CHANNELS = 6
LATE = frozenset({"chat.postMessage", "chat.startStream", "chat.update", "chat.stopStream", "chat.appendStream"})


class SlackTown:
    """Ada, who is an administrator, Ben, and their channels and direct messages with the bot."""

    ready = "Listening to Slack"

    def __init__(self, slack: RunningSlack, notes: Notes) -> None:
        self._slack = slack
        self._notes = notes
        self._messages: dict[str, Message] = {}  # by the question's name
        slack.ada.is_admin = True
        self._people = [slack.ada, slack.ben]
        self._channels = [slack.channel(f"channel-{number}") for number in range(CHANNELS)]
        # What is forgotten stands on Slack all the same, and a later summary of its channel would tell it again.
        self._summarised, self._forgetful = self._channels[: CHANNELS // 2], self._channels[CHANNELS // 2 :]
        self._threads: list[Message] = []
        self._summaries: dict[str, str] = {}  # names by place
        self._filling = asyncio.Lock()  # one form at a time
        slack.transit = self._transit

    @property
    def workspaces(self) -> Sequence[str]:
        """The key of the one workspace."""
        return [f"slack/{self._slack.general.team}"]

    @property
    def surroundings(self) -> Mapping[str, str]:
        """The settings of a bot that joins this Slack."""
        options = self._slack.options
        return {
            "SLACK_BOT_TOKEN": options.bot_token,
            "SLACK_APP_TOKEN": options.app_token,
            "SLACK_API_URL": self._slack.api_url,
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
            "summary": (0.4, self._summary),
            "forget": (0.2, self._forget),
            "digest": (0.2, self._digest),
        }

    async def begin(self) -> None:
        """Come with nothing to open."""

    async def settled(self) -> None:
        """Wait until every delivery was acknowledged or given up."""
        await self._slack.settled()

    async def close(self) -> None:
        """Let nobody wait for anything."""

    # ------------------------------------------------------------ what people do

    async def _question(self) -> None:
        await self._ask(self._somebody(), self._notes.chance.choice(self._channels))

    async def _direct(self) -> None:
        person = self._somebody()
        await self._ask(person, self._slack.direct(person))

    async def _follow_up(self) -> None:
        if self._threads:
            root = self._notes.chance.choice(self._threads[-8:])
            await self._ask(self._somebody(), root.channel, root)

    async def _burst(self) -> None:
        """Several messages at once, the later ones perhaps delivered first."""
        chance, person = self._notes.chance, self._somebody()
        channel, root = self._slack.direct(person), None
        if self._threads and chance.random() < 0.7:
            root = chance.choice(self._threads[-8:])
            channel = root.channel
        self._slack.deliveries.hold()
        messages = [await self._ask(person, channel, root, twice=0) for _ in range(chance.randint(2, 4))]
        self._slack.deliveries.release(backwards=chance.random() < 0.3)
        await self._again_later(messages[0])

    async def _stop(self) -> None:
        """Press Stop where an answer is being written, by its button or Slack's own."""
        writing = [message for message in answers(self._slack) if STOP in controls(message)]
        streams = [message for message in answers(self._slack) if message.stream and message.stream.state == "open"]
        if writing and self._notes.chance.random() < 0.5:
            message = self._notes.chance.choice(writing)
            self._notes.press("stop", place_of(message))
            await self._slack.press(self._slack.ada, message, STOP)
        elif streams:
            message = self._notes.chance.choice(streams)
            session = self._slack.surfaces.sessions.get((message.channel.id, message.root_ts))
            if session is not None and session.status == "processing":
                self._notes.press("stop", place_of(message))
                await self._slack.press_stop(self._slack.ada, message)

    async def _regenerate(self) -> None:
        await self._press("regenerate", REGENERATE)

    async def _continue(self) -> None:
        await self._press("continue", CONTINUE)

    async def _press(self, kind: Press, control: str) -> None:
        """Press a button under an answer that has it, perhaps told twice."""
        found = [message for message in answers(self._slack) if control in controls(message)]
        if found:
            message = self._notes.chance.choice(found[-10:])
            self._notes.press(kind, place_of(message))
            await self._perhaps_again(await self._slack.press(self._slack.ada, message, control))

    async def _edit(self) -> None:
        """Change one's own question: either is right, by when the bot heard of it."""
        asked = [item for item in self._notes.asked[-10:] if item.removed_at is None and item.name in self._messages]
        if asked:
            chosen = self._notes.chance.choice(asked)
            message = self._messages[chosen.name]
            chosen.expected.append(called(chosen.name, 30).partition(": ")[2])
            mention = "" if message.channel.kind == "im" else f"{self._slack.mention()} "
            await self._slack.edit(message, f"{mention}call {chosen.name}, 30 words ({chosen.secret})")

    async def _file(self) -> None:
        person = self._somebody()
        file = self._slack.file(person, "notes.txt", b"The harbour opens at nine.\n" * 20)
        await self._ask(person, self._notes.chance.choice(self._channels), file=file)

    async def _ask_by_command(self) -> None:
        """Ask by the slash command; the bot repeats the question for everybody."""
        channel = self._notes.chance.choice(self._channels)
        asked, text = self._notes.question(f"{channel.id}/?", is_command=True)
        delivery = await self._slack.slash(self._somebody(), channel, "/seed", f"ask {text}")
        if delivery.acknowledged:
            asked.acknowledged_at = time.time()
        await self._perhaps_again(delivery)

    async def _summary(self) -> None:
        """Ask for a summary of a channel, in a thread of its own."""
        channel = self._notes.chance.choice(self._summarised)
        asked = Asked(name=f"q{len(self._notes.asked)}", place="", at=time.time(), expected=["a summary"])
        self._notes.asked.append(asked)
        said = await self._slack.say(self._slack.ben, channel, f"{self._slack.mention()} summarise channel")
        self._messages[asked.name] = said
        asked.place = place_of(said)
        self._summaries[asked.place] = asked.name

    async def _forget(self) -> None:
        """Have a whole thread forgotten."""
        threads = [root for root in self._threads[-16:] if root.channel in self._forgetful]
        if threads:
            root = self._notes.chance.choice(threads)
            self._threads.remove(root)  # who asks there meanwhile may be early or late
            await self._slack.settled()
            for asked in self._notes.in_place(place_of(root)):
                asked.removed_at = asked.removed_at or time.time()
            text = f"{self._slack.mention()} /forget here"
            await self._slack.say(self._slack.ada, root.channel, text, thread_ts=root.ts)

    async def _digest(self) -> None:
        """Have a digest posted at the next minute, in a channel of its own."""
        due = self._notes.digest_at(ZoneInfo(self._slack.ada.tz))
        if due is None:
            return
        channel = self._slack.channel(f"news-{self._notes.counts['digest']}")
        delivery = await self._slack.slash(self._slack.ada, channel, "/seed", f"digest add daily at {due:%H:%M}")
        if delivery.acknowledged:
            self._notes.scheduled[channel.id] = 1
        await self._perhaps_again(delivery)
        await self._notes.say_news(channel.id, due, lambda news: self._slack.say(self._slack.ben, channel, news))

    async def _set(self) -> None:
        """Set something, perhaps told twice, until it is taken, as people do when Slack says that it failed."""
        channel = self._notes.chance.choice(self._channels)
        pause = 1.0
        while True:
            value, at = self._notes.next_value(channel.id)
            delivery = await self._slack.slash(self._slack.ada, channel, "/seed", f"set channel {PROBE} {value}")
            taken = time.time() if delivery.acknowledged else None
            self._notes.set(channel.id, value, at=at, taken_at=taken)
            await self._perhaps_again(delivery)
            if taken is not None:
                return
            await asyncio.sleep(pause)
            pause *= 2

    async def _form(self) -> None:
        """Set something in a form, which may be open while processes end; once, for people see whether it was taken."""
        person = self._slack.ben  # who types nothing else that sets
        async with self._filling:
            channel = self._notes.chance.choice(self._channels)
            await self._slack.slash(person, channel, "/seed", "settings")
            await asyncio.sleep(self._notes.chance.uniform(0.3, LATEST_SECONDS))
            view = self._slack.open_view(person)
            if view is None:  # nobody opened it in time, or another one was typed too early
                return
            place = json.loads(view.body["private_metadata"])["channel"]
            value, at = self._notes.next_value(place)
            delivery = await self._slack.submit_view(person, {PROBE: value})
            taken = time.time() if delivery.acknowledged and self._slack.open_view(person) is None else None
            self._notes.set(place, value, at=at, taken_at=taken)
            while self._slack.open_view(person) is not None:
                await self._slack.close_view(person)
        await self._perhaps_again(delivery)

    async def _delete(self) -> None:
        """Delete one's own question, answered or not."""
        asked = [item for item in self._notes.asked[-20:] if item.removed_at is None and item.name in self._messages]
        if asked:
            chosen = self._notes.chance.choice(asked)
            chosen.removed_at = time.time()
            await self._slack.delete(self._messages[chosen.name])

    async def _ask(
        self,
        person: Person,
        channel: Channel,
        root: Message | None = None,
        *,
        file: File | None = None,
        twice: float = 0.2,
    ) -> Message:
        """Ask, and have it delivered for the second time now and then."""
        direct = channel.kind == "im"
        asked, text = self._notes.question(f"{channel.id}/")
        words = text if direct else f"{self._slack.mention()} {text}"
        message = await self._slack.say(
            person, channel, words, thread_ts=root.ts if root else "", files=[file] if file else ()
        )
        self._messages[asked.name] = message
        asked.place = f"{channel.id}/" if direct else place_of(message)
        if root is None and not direct:
            self._threads.append(message)
        if self._notes.chance.random() < twice:
            await self._again_later(message)
        return message

    async def _again_later(self, message: Message) -> None:
        """Deliver a message for the second time, as after an acknowledgement that was lost on its way."""
        about = [item for item in self._slack.deliveries.log[-20:] if told_of(item) == message.ts]
        if about:
            await asyncio.sleep(self._notes.chance.uniform(0, LATEST_SECONDS))
            await self._slack.deliveries.again(about[-1])

    async def _perhaps_again(self, delivery: Delivery) -> None:
        if delivery.acknowledged and self._notes.chance.random() < 0.3:
            await asyncio.sleep(self._notes.chance.uniform(0, LATEST_SECONDS))
            await self._slack.deliveries.again(delivery)

    def _somebody(self) -> Person:
        return self._notes.chance.choice(self._people)

    def _transit(self, method: str) -> float:
        if method in LATE and self._notes.chance.random() < 0.25:
            return self._notes.chance.uniform(0, LATEST_SECONDS)
        return 0.0

    # ------------------------------------------------------------ what is to be seen

    def finish(self, _stored: Stored) -> None:
        """Note when each question was acknowledged, and where those stand that were asked by a command."""
        acknowledged: dict[str, float] = {}
        for delivery in self._slack.deliveries.log:
            if delivery.acknowledged_at is not None and (ts := told_of(delivery)):
                acknowledged.setdefault(ts, delivery.acknowledged_at)
        places = {name: place_of(item) for item in written(self._slack) if (name := repeated(item)) is not None}
        for asked in self._notes.asked:
            if asked.is_command:
                asked.place = places.get(asked.name, asked.place)
            else:
                asked.acknowledged_at = asked.stored_at = acknowledged.get(self._messages[asked.name].ts)
        posted = Counter(item.channel.id for item in written(self._slack) if is_digest(item) and not item.deleted)
        self._notes.digests = {channel: posted[channel] for channel in self._notes.due}

    def shown(self) -> Sequence[Shown]:
        """All that the bot wrote, for everybody or for one person."""
        return shown(self._slack, self._summaries)

    def left(self) -> Sequence[str]:
        """Return what still looks like work, and questions that were repeated twice."""
        twice = Counter(repeated(message) for message in written(self._slack) if not message.deleted)
        doubled = [f"{name} was repeated {count} times" for name, count in twice.items() if name and count > 1]
        return [*left(self._slack), *doubled]

    def violations(self) -> Sequence[str]:
        """Return what no Slack would have taken."""
        return [str(item) for item in self._slack.violations if item.error not in OF_DELETIONS]
