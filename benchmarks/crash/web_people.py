"""People at the playground, each with a browser."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from itertools import pairwise
from typing import Any

from adapters.web.playground.composer import message_id
from adapters.web.playground.live_reply import BOT, TAKEN_BACK
from benchmarks.crash.browser import PAUSE_SECONDS, Browser, NotThere
from benchmarks.crash.history import Press, Seen, Shown, State, Stored
from benchmarks.crash.people import LATEST_SECONDS, Doing, Notes
from benchmarks.crash.stored import PROBE
from bot.types import Person

PAGES = ("general", "general", "random", "direct", "direct")
STATES: Mapping[str, State] = {
    "thinking": "thinking",
    "searching": "thinking",
    "writing": "writing",
    "done": "done",
    "stopped": "done",
    "failed": "failed",
}
BLINK_SECONDS = 0.3
_TAG = re.compile(r"<[^>]*>")
_BODY = re.compile(r'<div class="prose body"[^>]*>(.*)</div>\s*<div class="answer-foot', re.DOTALL)


class Page:
    """One browser, the conversation that is open in it, and all that it was ever told of the bot's messages."""

    def __init__(self, url: str, channel: str) -> None:
        self.channel = channel
        self.shown: dict[str, tuple[str, list[Seen]]] = {}  # place and versions by the message's id
        self.again: dict[str, Sequence[str]] = {}
        self._bodies: dict[str, str] = {}  # of answers, as HTML
        self.browser = Browser(url, channel, self._receive)

    @property
    def thread(self) -> str:
        """Return the thread that is open."""
        return self.browser.thread

    @thread.setter
    def thread(self, thread: str) -> None:
        self.browser.thread = thread

    @property
    def is_direct(self) -> bool:
        """Return whether it shows a conversation with the bot alone."""
        return self.channel == "direct"

    @property
    def place(self) -> str:
        """Return the conversation that is open."""
        return f"direct-{self.browser.person}" if self.is_direct else self.thread

    def _receive(self, kind: str, event: Mapping[str, Any]) -> None:
        if kind == "message" and event["author"] == BOT.id and (event["thread"] or self.is_direct):
            place = event["thread"] or f"direct-{self.browser.person}"
            self.shown.setdefault(event["id"], (place, []))
            parts = event.get("parts")
            self._bodies[event["id"]] = parts["body"] if parts else _body_in(event["html"])
        elif kind == "patch" and event["id"] in self._bodies:
            if change := event["parts"].get("body"):
                self._bodies[event["id"]] = _patched(self._bodies[event["id"]], *change)
        else:
            return
        if event["id"] in self.shown:
            self._note(event)

    def _note(self, event: Mapping[str, Any]) -> None:
        versions = self.shown[event["id"]][1]
        seen = _seen(event, self._bodies[event["id"]])
        if not versions or (versions[-1].text, versions[-1].state) != (seen.text, seen.state):
            versions.append(seen)
        self.again[event["id"]] = event["again"]


class WebTown:
    """People at their pages; what is seen is what any of them was told, and what a page says at the end."""

    ready = "Seedling is ready"
    workspaces: Sequence[str] = ("local/local",)

    def __init__(self, port: int, notes: Notes) -> None:
        self._port = port
        self._notes = notes
        self._ids: dict[str, tuple[Page, str]] = {}  # the page and the message of a question
        self._pages = [Page(f"http://127.0.0.1:{port}", channel) for channel in PAGES]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def surroundings(self) -> Mapping[str, str]:
        """The settings of a bot that people reach at the same address after each start."""
        return {"PORT": str(self._port)}

    @property
    def doings(self) -> Mapping[str, tuple[float, Doing]]:
        """What people do here."""
        return {
            "question": (4, self._question),
            "follow-up": (3, self._follow_up),
            "burst": (1, self._burst),
            "stop": (1, self._stop),
            "regenerate": (0.7, self._regenerate),
            "continue": (0.5, self._continue),
            "set": (1, self._set),
            "form": (0.7, self._form),
            "digest": (0.2, self._digest),
            "deletion": (0.5, self._delete),
        }

    async def begin(self) -> None:
        """Open the pages, and wait until each knows its person, after whom direct conversations are called."""
        self._tasks = [asyncio.create_task(page.browser.run(), name=f"page {page.channel}") for page in self._pages]
        while not all(page.browser.person for page in self._pages):  # noqa: ASYNC110 - as long as a start takes
            await asyncio.sleep(PAUSE_SECONDS)

    async def settled(self) -> None:
        """Wait for nothing: whoever sends waits until the page says that it was sent."""

    async def close(self) -> None:
        """Close the pages."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------ what people do

    async def _question(self) -> None:
        """Ask outside threads, and open the thread; in a direct conversation just ask."""
        page = self._notes.chance.choice(self._pages)
        asked = await self._ask(page, "")
        if not page.is_direct:
            page.thread = asked

    async def _follow_up(self) -> None:
        page = self._notes.chance.choice([item for item in self._pages if item.thread or item.is_direct])
        await self._ask(page, page.thread)

    async def _burst(self) -> None:
        page = self._notes.chance.choice([item for item in self._pages if item.thread or item.is_direct])
        await asyncio.gather(*(self._ask(page, page.thread) for _ in range(self._notes.chance.randint(2, 4))))

    async def _stop(self) -> None:
        page = self._notes.chance.choice(self._pages)
        if page.place:
            self._notes.press("stop", page.place)
            await page.browser.insist("stop", thread=page.thread)
            self._notes.press("stop", page.place)  # it was under way until now

    async def _regenerate(self) -> None:
        await self._again("regenerate")

    async def _continue(self) -> None:
        await self._again("continue")

    async def _again(self, kind: Press) -> None:
        """Press a button under an answer that has it."""
        found = [(page, id) for page in self._pages for id, ways in page.again.items() if kind in ways]
        if found:
            page, id = self._notes.chance.choice(found[-10:])
            place = page.shown[id][0]
            self._notes.press(kind, place)
            await page.browser.insist("again", id=id, how=kind, thread="" if page.is_direct else place)

    async def _set(self) -> None:
        page = self._pages[0]
        value, at = self._notes.next_value(page.channel)
        await page.browser.send(f"/set channel {PROBE} {value}")
        self._notes.set(page.channel, value, at=at, taken_at=time.time())

    async def _form(self) -> None:
        """Set something in the form of the settings; once, for people see whether it was saved."""
        page = self._pages[0]
        with suppress(NotThere):
            form = await page.browser.fill_settings(PROBE)
            await asyncio.sleep(self._notes.chance.uniform(0.3, LATEST_SECONDS))
            value, at = self._notes.next_value(page.channel)
            if f"{PROBE} is {value}" in await page.browser.save_settings({**form, PROBE: value}):
                self._notes.set(page.channel, value, at=at, taken_at=time.time())

    async def _digest(self) -> None:
        """Have a digest posted at the next minute, in a channel of its own."""
        due, browser = self._notes.digest_at(UTC), self._pages[0].browser
        if due is None:
            return
        channel = f"news-{self._notes.counts['digest']}"
        await browser.make_channel(channel)
        await browser.send(f"/digest add daily at {due:%H:%M}", channel=channel)
        self._notes.scheduled[channel] = 1
        await self._notes.say_news(channel, due, lambda news: browser.send(news, channel=channel))

    async def _delete(self) -> None:
        """Delete one's own question, answered or not, until it is gone from the page."""
        asked = [item for item in self._notes.asked[-20:] if item.removed_at is None and item.name in self._ids]
        if asked:
            chosen = self._notes.chance.choice(asked)
            page, id = self._ids[chosen.name]
            chosen.removed_at = time.time()
            for _ in range(3):  # the page may be about to lose its connection; a second time changes nothing
                await page.browser.insist("delete", id=id, thread="" if page.is_direct else chosen.place)
                await asyncio.sleep(4)

    async def _ask(self, page: Page, thread: str) -> str:
        """Ask on a page until it says that it was sent; the message's id."""
        asked, text = self._notes.question(page.place if thread or page.is_direct else "")
        token = await page.browser.send(text if page.is_direct else f"@seedling {text}", thread)
        asked.acknowledged_at = asked.stored_at = time.time()
        id = message_id(Person(id=page.browser.person, name=""), token)
        asked.place = asked.place or id
        self._ids[asked.name] = (page, id)
        return id

    # ------------------------------------------------------------ what is to be seen

    def finish(self, stored: Stored) -> None:
        """Let the first page say what stands there now, as if everybody loaded theirs anew, and when that began.

        What went while no page had its thread open went at the latest when it was seen last, as far as anybody knows.
        """
        known = {id: place for page in self._pages for id, (place, _) in page.shown.items()}
        first = self._pages[0].shown
        for id, answer in stored.web.items():
            versions = first.setdefault(id, (answer.place, []))[1]
            versions.insert(0, Seen(at=answer.at, text="", state="thinking"))
            last = Seen(at=time.time(), text=answer.text, state=STATES[answer.status], is_cut=answer.is_cut)
            versions.append(last)
        open_now = {page.place for page in self._pages}
        for id in known.keys() - stored.web.keys():
            seen_at = [version.at for page in self._pages for version in page.shown.get(id, ("", []))[1]]
            at = time.time() if known[id] in open_now or not seen_at else max(seen_at)
            first.setdefault(id, (known[id], []))[1].append(Seen(at=at, text="", state="removed"))
        posted = Counter(answer.place for answer in stored.web.values())
        self._notes.digests = {place: posted[place] for place in self._notes.due}

    def shown(self) -> Sequence[Shown]:
        """All that pages were told, message by message: of each the view of the page that was told most."""
        every: dict[str, Shown] = {}
        ends = self._pages[0].shown
        for page in self._pages:
            for id, (place, seen) in page.shown.items():
                around = [] if page is self._pages[0] else [ends[id][1][0], ends[id][1][-1]]
                view = Shown(id=id, place=place, seen=_lasting(sorted([*seen, *around], key=lambda each: each.at)))
                if id not in every or len(view.seen) > len(every[id].seen):
                    every[id] = view
        return list(every.values())

    def left(self) -> Sequence[str]:
        """Return nothing: whatever looks like work is a message."""
        return []

    def violations(self) -> Sequence[str]:
        """Return nothing: the playground is the bot's own."""
        return []


def _lasting(seen: Sequence[Seen]) -> Sequence[Seen]:
    """Return how it began, and what stood there long enough to be seen: a page that comes back is told all at once what
    it missed.
    """
    first, *later = seen
    lasting = [one for one, after in pairwise(later) if after.at - one.at >= BLINK_SECONDS]
    return [first, *lasting, *later[-1:]]


def _seen(event: Mapping[str, Any], body: str) -> Seen:
    is_gone = not event["status"] or TAKEN_BACK in event.get("html", "")
    state: State = "removed" if is_gone else STATES[event["status"]]
    text = html.unescape(_TAG.sub("", body)).strip()
    is_cut = event["status"] == "done" and "continue" in event["again"]
    return Seen(at=time.time(), text=text, state=state, is_cut=is_cut)


def _body_in(article: str) -> str:
    found = _BODY.search(article)
    return found[1] if found else ""


def _patched(body: str, start: int, cut: int, text: str) -> str:
    """Return a text after a patch, which counts in UTF-16 as browsers do."""
    units = body.encode("utf-16-le")
    return units[: 2 * start].decode("utf-16-le") + text + units[2 * (start + cut) :].decode("utf-16-le")
