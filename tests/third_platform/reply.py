"""The visible answer to one turn on Pigeon: messages under keys, so that posting twice posts once."""

from __future__ import annotations

from dataclasses import dataclass

from bot.delivery import IncrementalRenderer, MarkdownRenderer, known, split
from bot.delivery.footer import footer_parts
from bot.errors import PlatformRefused, ReplyRemoved
from bot.types import Draft, Turn
from tests.third_platform.client import Missing, PigeonClient

LIMIT = 2_000
TAKEN_BACK = "(This answer was removed.)"
ENDED = ("done", "stopped", "failed")


def pages(draft: Draft) -> list[str]:
    """Return a draft as the texts of one message or more."""
    rendered = IncrementalRenderer(MarkdownRenderer())
    text = rendered.render(draft.text, allowed=known(draft.addresses), growing=draft.status not in ENDED)
    shown = [piece.shown for piece in split(text, limit=LIMIT)]
    tail = [*draft.notices, *(f"{source.title}: {source.url}" for source in draft.sources)]
    tail += [" · ".join(footer_parts(draft.footer))] if draft.footer else []
    below = "\n".join(tail or ([] if shown else ["There is no answer." if draft.status in ENDED else "Thinking…"]))
    if shown and below and len(shown[-1]) + len(below) + 2 <= LIMIT:
        return [*shown[:-1], f"{shown[-1]}\n\n{below}"]
    return [*shown, *(piece.shown for piece in split(below, limit=LIMIT))]


@dataclass(slots=True)
class Shown:
    """A message as it stands; `text` is None where that is not known."""

    id: str
    text: str | None = None


class PigeonReply:
    """A `bot.ports.Reply`; its reference are the ids of its messages."""

    def __init__(self, turn: Turn, client: PigeonClient) -> None:
        self._turn = turn
        self._client = client
        self._shown = [Shown(id) for id in (turn.reply_ref or "").split(",") if id]
        self._replaced: list[Shown] = []
        self._anew = 0
        self._plain = False

    async def show(self, draft: Draft) -> str:
        """Make the draft visible."""
        texts = pages(draft)
        for index, text in enumerate(texts):
            if index == len(self._shown):
                self._shown.append(await self._post(text, index))
            if self._shown[index].text != text:
                await self._change(self._shown[index], text, index)
        while len(self._shown) > len(texts):
            await self._take_back(self._shown[-1])
            self._shown.pop()
        return ",".join(item.id for item in self._shown)

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        """Make the whole draft visible."""
        self._plain = plain
        return await self.show(draft)

    @property
    def messages(self) -> tuple[str, ...]:
        """The ids of its messages, in order."""
        return tuple(item.id for item in self._shown)

    async def retract(self, keep: str) -> None:
        """Delete the messages that `keep` does not name."""
        self._shown, self._replaced = [*self._shown, *self._replaced], []
        for each in [item for item in self._shown if item.id not in keep.split(",")]:
            await self._take_back(each)
            self._shown.remove(each)

    async def _post(self, text: str, index: int) -> Shown:
        key, name = self._turn.incoming.key, f"t{self._turn.id}-{index}-{self._anew}"
        room = f"/rooms/{key.channel}"
        posted = await self._client.call("POST", f"{room}/messages", text=text, thread=key.thread, key=name)
        return Shown(posted["id"], posted["text"])  # that of an earlier runner, if it has posted under this key

    async def _change(self, shown: Shown, text: str, index: int) -> None:
        try:
            await self._client.call("PUT", f"/messages/{shown.id}", text=text)
        except PlatformRefused as error:
            gone = isinstance(error, Missing)
            if gone and (not index or not self._turn.was_interrupted):
                raise ReplyRemoved(str(error)) from error
            if not gone and not self._plain:
                raise
            self._replaced.append(Shown(shown.id))
            self._anew += 1
            shown.id = (await self._post(text, index)).id
        shown.text = text

    async def _take_back(self, shown: Shown) -> None:
        try:
            await self._client.call("DELETE", f"/messages/{shown.id}")
        except PlatformRefused as error:
            if not isinstance(error, Missing):
                await self._client.call("PUT", f"/messages/{shown.id}", text=TAKEN_BACK)


class PrivateReply(PigeonReply):
    """The same for its author alone: Pigeon's notes cannot be changed, so that it is shown when it is whole."""

    async def show(self, draft: Draft) -> str:
        return "note"

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        await send_note(self._client, self._turn.incoming.author.id, draft, key=f"t{self._turn.id}")
        return "note"


async def send_note(client: PigeonClient, person: str, draft: Draft, *, key: str) -> None:
    """Show a draft to one person alone."""
    for index, text in enumerate(pages(draft)):
        await client.call("POST", f"/people/{person}/notes", text=text, key=f"{key}-{index}")
