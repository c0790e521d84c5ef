"""People on the emulated Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from benchmarks.crash.history import Seen, Setting, Shown, State, Stored
from benchmarks.crash.people import LATEST_SECONDS, Doing, Notes
from benchmarks.crash.stored import PROBE
from tests.emulators.slack import Channel, Message, Person, RunningSlack
from tests.emulators.slack.deliveries import Delivery
from tests.emulators.slack.options import APP_ID
from tests.emulators.versions import Version

CHANNELS = 6
LATE = frozenset({"chat.postMessage", "chat.startStream", "chat.update", "chat.stopStream", "chat.appendStream"})
OF_DELETIONS = frozenset({"invalid_thread_ts", "thread_not_found", "message_not_found", "session_not_found"})
"""Refusals of what is written below a message that somebody has just deleted."""

STOP, REGENERATE, RETRY, CONTINUE = (f"seedling_{name}" for name in ("stop", "regenerate", "retry", "continue"))


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
        self._threads: list[Message] = []
        slack.transit = self._transit

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
            "deletion": (0.5, self._delete),
        }

    async def begin(self) -> None:
        """Let questions come without what others asked in the channel: the emulated model would answer that as well."""
        await self._command(self._slack.ada, self._channels[0], "set workspace channel_context 0")

    async def settled(self) -> None:
        """Wait until every delivery was acknowledged or given up."""
        await self._slack.settled()

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
        for _ in range(chance.randint(2, 4)):
            await self._ask(person, channel, root)
        self._slack.deliveries.release(backwards=chance.random() < 0.3)

    async def _stop(self) -> None:
        """Press Stop where an answer is being written, by its button or Slack's own."""
        writing = [message for message in self._answers() if STOP in self._controls(message)]
        streams = [message for message in self._answers() if message.stream and message.stream.state == "open"]
        if writing and self._notes.chance.random() < 0.5:
            message = self._notes.chance.choice(writing)
            self._notes.press("stop", _place(message))
            await self._slack.press(self._slack.ada, message, STOP)
        elif streams:
            message = self._notes.chance.choice(streams)
            session = self._slack.surfaces.sessions.get((message.channel.id, message.root_ts))
            if session is not None and session.status == "processing":
                self._notes.press("stop", _place(message))
                await self._slack.press_stop(self._slack.ada, message)

    async def _regenerate(self) -> None:
        finished = [message for message in self._answers() if REGENERATE in self._controls(message)]
        if finished:
            message = self._notes.chance.choice(finished[-10:])
            self._notes.press("regenerate", _place(message))
            delivery = await self._slack.press(self._slack.ada, message, REGENERATE)
            await self._perhaps_again(delivery)

    async def _set(self) -> None:
        """Set something by a command or by a mention, once more late."""
        channel = self._notes.chance.choice(self._channels)
        await self._command(self._slack.ada, channel, f"set channel {PROBE} ", setting=True)

    async def _command(self, person: Person, channel: Channel, text: str, *, setting: bool = False) -> None:
        """Type a command until it is taken, as people do when Slack says that it failed."""
        while True:
            at, value = time.time(), str(len(self._notes.settings) + 1)
            delivery = await self._slack.slash(person, channel, "/seed", text + (value if setting else ""))
            taken = time.time() if delivery.acknowledged else None
            if setting:
                self._notes.settings.append(Setting(place=channel.id, value=value, at=at, taken_at=taken))
            await self._perhaps_again(delivery)
            if taken is not None:
                return
            await asyncio.sleep(1)

    async def _delete(self) -> None:
        """Delete one's own question, answered or not."""
        asked = [item for item in self._notes.asked[-20:] if item.removed_at is None and item.name in self._messages]
        if asked:
            chosen = self._notes.chance.choice(asked)
            chosen.removed_at = time.time()
            await self._slack.delete(self._messages[chosen.name])

    async def _ask(self, person: Person, channel: Channel, root: Message | None = None) -> None:
        direct = channel.kind == "im"
        asked, text = self._notes.question(f"{channel.id}/")
        words = text if direct else f"{self._slack.mention()} {text}"
        message = await self._slack.say(person, channel, words, thread_ts=root.ts if root else "")
        self._messages[asked.name] = message
        asked.place = f"{channel.id}/" if direct else _place(message)
        if root is None and not direct:
            self._threads.append(message)
        if self._notes.chance.random() < 0.2:
            await self._again_later(message)

    async def _again_later(self, message: Message) -> None:
        """Deliver a message for the second time, as after an acknowledgement that was lost on its way."""
        about = [item for item in self._slack.deliveries.log[-20:] if _event_ts(item) == message.ts]
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

    def _answers(self) -> list[Message]:
        return [
            message
            for channel in self._slack.world.channels.values()
            for message in channel.messages
            if message.author.app_id == APP_ID and not message.deleted
        ]

    def _controls(self, message: Message) -> Sequence[str]:
        return message.seen[-1].controls

    def finish(self, _stored: Stored) -> None:
        """Note when each question was acknowledged."""
        acknowledged: dict[str, float] = {}
        for delivery in self._slack.deliveries.log:
            if delivery.acknowledged_at is not None and (ts := _event_ts(delivery)):
                acknowledged.setdefault(ts, delivery.acknowledged_at)
        for asked in self._notes.asked:
            asked.acknowledged_at = asked.stored_at = acknowledged.get(self._messages[asked.name].ts)

    def shown(self) -> Sequence[Shown]:
        """All that the bot wrote, for everybody or for one person."""
        every = [message for channel in self._slack.world.channels.values() for message in channel.messages]
        every += self._slack.whispers
        return [
            Shown(
                id=message.ts,
                place=_place(message),
                seen=[
                    Seen(
                        at=each.at,
                        text=each.text,
                        state=_state(each, is_private=message.only_for is not None),
                        is_cut=CONTINUE in each.controls,
                    )
                    for each in message.seen
                ],
                only_for=message.only_for.id if message.only_for else "",
            )
            for message in every
            if message.author.app_id == APP_ID
        ]

    def left(self) -> Sequence[str]:
        """Return the statuses below threads, and sessions that are said to be at work."""
        surfaces = self._slack.surfaces
        statuses = [f"the status of {place} is {surfaces.status(place)}" for place in surfaces.statuses]
        working = [place for place, session in surfaces.sessions.items() if session.status == "processing"]
        return [*(item for item in statuses if not item.endswith("None")), *(f"{item} is at work" for item in working)]

    def violations(self) -> Sequence[str]:
        """Return what no Slack would have taken."""
        return [str(item) for item in self._slack.violations if item.error not in OF_DELETIONS]


def _place(message: Message) -> str:
    return f"{message.channel.id}/" if message.channel.kind == "im" else f"{message.channel.id}/{message.root_ts}"


def _event_ts(delivery: Delivery) -> str:
    """Return the message that an event tells of, "" for everything else."""
    event = delivery.payload.get("event", {})
    is_message = event.get("type") in {"message", "app_mention"} and event.get("subtype") in {None, "file_share"}
    return str(event["ts"]) if is_message else ""


def _state(version: Version, *, is_private: bool) -> State:
    if version.removed:
        return "removed"
    if is_private:
        return "failed" if RETRY in version.controls else "done"
    if version.growing or STOP in version.controls:
        return "writing" if version.text else "thinking"
    if RETRY in version.controls:
        return "failed"
    return "done" if REGENERATE in version.controls else "part"
