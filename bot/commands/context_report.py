"""Report what a conversation sends to the model and what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.access.roles import Role
from bot.context.tokens import estimate
from bot.context.window import CacheBreak
from bot.delivery.footer import split_text
from bot.language import gettext, gettext_noop, number, quantity
from bot.ports import Store, TranscriptStore
from bot.pricing import RateCard
from bot.turns.effects import Effect, ForgetConversation, ForgetNotes, ForgetPerson
from bot.turns.ownership import check_forget
from bot.types import ConversationKey, DeletionOutcome, Incoming, RequestFigures, RequestRecord, Usage

LOOK_BACK = 50
"""How many requests are searched for the last cache break."""

BREAKS = {
    CacheBreak.FIRST: gettext_noop("it was the first one"),
    CacheBreak.TRIM: gettext_noop(
        "older messages were left out, because sending them had come to cost more than leaving them out"
    ),
    CacheBreak.COLD: gettext_noop("the cache had expired anyway, so leaving older messages out cost nothing extra"),
    CacheBreak.PROMPT_CHANGED: gettext_noop("a setting, the channel's name or topic, or the notes had changed"),
    CacheBreak.MODE_CHANGED: gettext_noop("thinking or web search was switched on or off"),
    CacheBreak.DROPPED: gettext_noop("the question before got no answer and is no longer sent"),
    CacheBreak.MEDIA: gettext_noop(
        "all pictures and files together had become too large, so older ones are no longer sent"
    ),
    CacheBreak.DELETED: gettext_noop("a message was deleted and is no longer sent"),
}
TOTALS_STAY = gettext_noop("What it cost stays in the totals, without any text")


async def context_text(key: ConversationKey, store: Store, card: RateCard) -> str:
    """Return what the last request carried, what of it was cached, and when the next trim is due, as Markdown."""
    records = await store.recent_requests(key, limit=LOOK_BACK)
    if not records:
        return gettext("Nothing has been sent to the model from here yet.")
    last = records[-1]
    figures = last.figures
    tokens = figures.total if last.usage is None or last.usage.estimated else last.usage.input
    cached = (
        ""
        if last.usage is None
        else gettext(", {cached} of them from the cache").format(cached=number(last.usage.cached))
    )
    lines = [
        gettext("- The last request sent **{count}**: {count_2}{cached}.").format(
            count=quantity(figures.entries, "message"), count_2=quantity(tokens, "token"), cached=cached
        ),
        gettext("- The system prompt and the notes are about {count} of that.").format(
            count=quantity(figures.system_prompt, "token")
        ),
        gettext("- Older messages will be left out after about **{count}**.").format(
            count=quantity(figures.until_trim, "more token")
        ),
        _last_break(records),
    ]
    if last.usage is not None:
        lines.insert(1, _cost_line(last.usage, card))
    conversation = await store.get_conversation(key)
    if conversation is not None and conversation.condensed_until < conversation.window_start:
        lines.append(gettext("- Notes on the messages that were left out last are still to be written."))
    return "\n".join(lines)


def _cost_line(usage: Usage, card: RateCard) -> str:
    """Return what a request is paid for, at the prices in force."""
    named = split_text(card.split(usage))
    return gettext("- What it is paid for: {named}.").format(named=named) if named else gettext("- It is free.")


def _last_break(records: Sequence[RequestRecord]) -> str:
    for ago, record in enumerate(reversed(records)):
        if record.figures.broken:
            which = (
                gettext("The last request")
                if ago == 0
                else gettext("The request {ago} before the last").format(ago=number(ago))
            )
            return gettext("- {which} could not use the cache of the one before: {break_reason}.").format(
                which=which, break_reason=break_reason(record.figures)
            )
    if len(records) == 1:
        return gettext("- The last request continued the one before, so it could use the cache.")
    return gettext("- Each of the last {count} requests continued the one before, so it could use the cache.").format(
        count=number(len(records))
    )


def break_reason(figures: RequestFigures) -> str:
    """Return why a request could not use the cache of the one before, as a part of a sentence."""
    gone = gettext(" ({count} left out)").format(count=quantity(figures.removed, "message")) if figures.removed else ""
    return f"{gettext(BREAKS[CacheBreak(figures.broken)])}{gone}"


async def memory_text(key: ConversationKey, store: TranscriptStore) -> str:
    """Return the notes on what is no longer in view, as Markdown."""
    conversation = await store.get_conversation(key)
    if conversation is None or not conversation.memory:
        return gettext("There are no notes: the model still sees the whole conversation.")
    tokens = quantity(estimate(conversation.memory), "token")
    told = gettext("My notes on the earlier part of this conversation, about {tokens} long:").format(tokens=tokens)
    return f"{told}\n\n{conversation.memory}"


async def forget(what: str, incoming: Incoming, role: Role, store: Store) -> Effect[Any]:
    """Return what forgets "memory", "here" or "me". Raises `InvalidInput` to who may not forget what others wrote."""
    key = incoming.key
    if what == "me":
        return Effect(change=ForgetPerson(platform=key.platform, id=incoming.author.id), tell=_person_forgotten)
    if role < Role.MANAGER:
        check_forget(incoming.author, await store.authors(key))
    if what == "here":
        return Effect(change=ForgetConversation(key=key), tell=_conversation_forgotten)
    return Effect(change=ForgetNotes(key=key), tell=_notes_forgotten)


def _notes_forgotten(there_were: bool) -> str:
    if not there_were:
        return gettext("There are no notes to forget here.")
    return gettext("My notes on the earlier part of this conversation are deleted.")


def _conversation_forgotten(gone: DeletionOutcome) -> str:
    return gettext("Deleted: this conversation ({count}). {totals_stay}.").format(
        count=quantity(gone.entries, "message"), totals_stay=gettext(TOTALS_STAY)
    )


def _person_forgotten(gone: DeletionOutcome) -> str:
    return gettext(
        "Deleted: what you asked on this platform and the conversations in which you asked "
        "({count}). {totals_stay} and without your name."
    ).format(count=quantity(gone.entries, "message"), totals_stay=gettext(TOTALS_STAY))
