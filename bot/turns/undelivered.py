"""Settle answers that a platform refuses: shown later, sent to the asker alone, or deleted by people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from bot.delivery import Presenter
from bot.errors import AccessRevoked, PlatformError, PlatformRefused, ReplyRemoved
from bot.ports import Clock, Platform, Store
from bot.turns.error_messages import NOT_IN_TIME, not_posted
from bot.turns.retries import next_look_for_access, next_showing
from bot.types import Draft, Incoming, Settlement, Turn, TurnState

logger = logging.getLogger(__name__)


class Undelivered:
    """End or put off the turns whose answers were not shown, so that their conversations go on."""

    def __init__(self, store: Store, platforms: Mapping[str, Platform], *, clock: Clock, model: str) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        self._model = model

    async def settle(self, turn: Turn, presenter: Presenter, draft: Draft | None, error: PlatformError) -> None:
        """Do what `error` asks for; `draft` is what could not be shown, None when nothing was recorded yet.

        Raises `StorageError`.
        """
        extra = _told(turn, error)
        current = await self._store.get_turn(turn.id)
        if current is not None and current.withdrawn:
            await self.take_back(turn, presenter)
        elif isinstance(error, ReplyRemoved):
            logger.info("answer was deleted by somebody", extra=extra)
            await self._store.delete_answer(turn.id)
            await self.take_back(turn, presenter)
        elif draft is not None and current is not None and current.outcome is None:
            await self._answer_anew(turn)
        elif isinstance(error, AccessRevoked) and (until := next_look_for_access(turn, self._clock())) is not None:
            logger.info("answer waits for the platform to accept the bot again", extra=extra)
            await self._store.reschedule(turn, until)
        elif isinstance(error, PlatformRefused):
            logger.warning("answer refused by the platform", extra=extra)
            await self._refused(turn, presenter, draft, error)
        else:
            logger.warning("answer not shown", extra=extra)
            await self._show_later(turn, presenter, draft, error)

    async def follow_deletion(self, turn: Turn, presenter: Presenter) -> None:
        """Do what the deletion of a question asks for whose recorded answer is being shown. Raises `StorageError`.

        The answer is taken back, or made anew for the other questions that it answers.
        """
        current = await self._store.get_turn(turn.id)
        if current is None or current.withdrawn:
            await self.take_back(turn, presenter)
        else:
            await self._answer_anew(turn)

    async def _answer_anew(self, turn: Turn) -> None:
        """Hand back a turn that is no longer recorded: its next runner goes on in the message that stands there."""
        await self._store.release(turn)
        logger.info("turn is answered anew", extra=_ids(turn))

    async def take_back(self, turn: Turn, presenter: Presenter) -> None:
        """End a turn whose question or answer was deleted: nothing stays of what was shown. Raises `StorageError`."""
        try:
            await presenter.retract(may_stand=turn.epoch > 1 or turn.reply_ref is not None)
        except PlatformError as error:
            logger.warning("answer not deleted", extra=_told(turn, error))
            until = None if isinstance(error, PlatformRefused) else next_showing(turn.showings, self._clock())
            if until is not None:
                await self._store.reschedule(turn, until)
            else:
                await self._store.close(turn, error=f"{type(error).__name__}: {error}")
            return
        await self._store.close(turn, retracted=True)
        logger.info("answer deleted", extra=_ids(turn))

    async def _refused(self, turn: Turn, presenter: Presenter, draft: Draft | None, refusal: PlatformRefused) -> None:
        """Tell the askers alone, leave nothing half-written behind, and end the turn."""
        if draft is None:
            draft = Draft(status="failed", notices=(not_posted(refusal.reason),))
            failed = Settlement(state=TurnState.FAILED, draft=draft, error=str(refusal))
            while (recorded := await self._store.record(turn, failed)).stale:
                pass  # what was deleted of its questions changes nothing of this
            if recorded.withdrawn:
                await self.take_back(turn, presenter)
                return
        try:
            await self._tell(turn, draft, refusal)
        except PlatformError as error:
            await self._show_later(turn, presenter, draft, error)
            return
        await self._end(turn, presenter, refusal)

    async def _show_later(self, turn: Turn, presenter: Presenter, draft: Draft | None, error: PlatformError) -> None:
        """Put off a recorded turn, which is then only shown again; one that was put off too often is told alone."""
        until = next_showing(turn.showings, self._clock())
        if until is not None:
            await self._store.reschedule(turn, until)
            return
        try:
            await self._tell(turn, draft or Draft(status="failed"), PlatformRefused(str(error), reason=NOT_IN_TIME))
        except PlatformError as trouble:
            logger.warning("author not notified", extra=_told(turn, trouble))
        await self._end(turn, presenter, error)

    async def _end(self, turn: Turn, presenter: Presenter, error: PlatformError) -> None:
        """End the turn as failed, and delete what stands of its answer, a stub with its Stop button above all."""
        current = await self._store.get_turn(turn.id)
        if current is not None and current.reply_ref is not None:
            # Or whoever hears that they are deleted would take it for somebody's wish.
            await self._store.set_reply_ref(turn, current.reply_ref, ())
        try:
            await presenter.retract(may_stand=turn.reply_ref is not None)
        except PlatformError as trouble:
            logger.warning("message not deleted", extra=_told(turn, trouble))
        await self._store.close(turn, error=f"{type(error).__name__}: {error}")

    async def _tell(self, turn: Turn, draft: Draft, refusal: PlatformRefused) -> None:
        """Tell everybody whose question the turn answers. Raises `PlatformError` for what may pass.

        Who was answered together with the first asker is told if that can be now.
        """
        if draft.status == "stopped" and not draft.text.strip():
            return  # whoever stopped it waits for nothing
        await self._store.check_claim(turn)  # another runner would tell as well
        turn = await self._store.get_turn(turn.id) or turn  # with those that were gathered meanwhile
        platform = self._platforms[turn.incoming.key.platform]
        forms = (_whole(draft, refusal), Draft(status="failed", text=not_posted(refusal.reason)))
        await self._tell_one(platform, turn.incoming, turn, forms)
        others = {item.author.id: item for item in turn.coalesced if item.author.id != turn.incoming.author.id}
        for asked in others.values():
            try:
                await self._tell_one(platform, asked, turn, forms)
            except PlatformError as error:
                logger.warning("author not notified", extra=_told(turn, error))

    async def _tell_one(self, platform: Platform, asked: Incoming, turn: Turn, forms: tuple[Draft, ...]) -> None:
        """Show the first form that is not refused; who can be reached by none is left without."""
        for form in forms:
            try:
                await platform.tell(asked, form)
            except PlatformRefused as refusal:
                logger.warning("author not notified", extra=_told(turn, refusal))
            else:
                return


def _whole(draft: Draft, refusal: PlatformRefused) -> Draft:
    """Return the sentence with what could not be shown below it."""
    sentence = not_posted(refusal.reason)
    below = draft.text.strip() or "\n".join(notice for notice in draft.notices if notice != sentence)
    return replace(draft, text=f"{sentence}\n\n{below}".strip(), notices=(), footer=None, reasoning="")


def _told(turn: Turn, error: Exception) -> dict[str, object]:
    return {**_ids(turn), "showings": turn.showings, "error": str(error)}


def _ids(turn: Turn) -> dict[str, object]:
    return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch}
