"""Read the messages of channels and threads, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.slack.api.client import PATIENCE_SECONDS, SlackClient
from adapters.slack.api.directory import Member
from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.limits import HISTORY_PAGE
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.message_content import has_content, mentions, message_text, replied_to
from adapters.slack.mrkdwn import to_markdown
from adapters.slack.payloads import ListPage, SlackMessage, moment
from bot.chat.rate_limit import Priority
from bot.errors import PlatformError
from bot.language import gettext, gettext_noop, quantity
from bot.offload import offload
from bot.time_zones import load_zones
from bot.types import ReadMessage

THREAD_PAGES: Final = 50
"""How far back a thread is read at most; Slack pages it from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """Urgency of a reading: who goes first, and how many seconds one page is waited for."""

    priority: Priority
    patience: float


FOR_AN_ANSWER: Final = Urgency(priority=Priority.FINAL, patience=20.0)
ON_DEMAND: Final = Urgency(priority=Priority.FINAL, patience=60.0)
BESIDE_OTHERS: Final = Urgency(priority=Priority.BACKGROUND, patience=120.0)

READ_ONE: Final = "conversations.replies"
"""The method by which one message is read."""

NOT_GIVEN: Final = gettext_noop("Slack did not give it to me")
FEW_AT_ONCE: Final = gettext_noop(
    "Apps that are distributed outside its marketplace get 15 messages a minute; an app of your own has no such limit."
)
"""https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps"""


async def read_pages(
    calls: SlackClient,
    channel: str,
    thread: str,
    *,
    oldest: str = "",
    pages: int = THREAD_PAGES,
    urgency: Urgency = ON_DEMAND,
) -> list[SlackMessage]:
    """Return the messages of a thread, or of a channel for "", since `oldest`, oldest first. Raises `PlatformError`."""
    read = _pages(calls, channel, thread, oldest=oldest, most=pages, urgency=urgency)
    return _in_order([item async for page in read for item in page])


async def read_readable(
    calls: SlackClient, channel: str, thread: str
) -> tuple[list[SlackMessage], PlatformError | None]:
    """Return the messages of a thread as far as Slack gives them, oldest first, and why that is not all."""
    found: list[SlackMessage] = []
    try:
        async for page in _pages(calls, channel, thread, urgency=FOR_AN_ANSWER):
            found += page
    except PlatformError as error:
        return _in_order(found), error
    return _in_order(found), None


async def read_one(
    calls: SlackClient,
    channel: str,
    ts: str,
    *,
    priority: Priority = Priority.FINAL,
    patience: float = PATIENCE_SECONDS,
) -> SlackMessage | None:
    """Return one message, whether or not it stands in a thread; None where it is gone. Raises `PlatformError`.

    Of what begins no thread Slack gives that message alone
    (https://docs.slack.dev/reference/methods/conversations.replies).
    """
    arguments = {"channel": channel, "ts": ts, "limit": 1, "include_all_metadata": True}
    page = ListPage.read(await calls.call(READ_ONE, arguments, priority=priority, patience=patience))
    return next((item for item in page.messages if item.ts == ts), None)


def unread_notice(error: PlatformError, *, read: int) -> str:
    """Return what people are told of a thread of which only the first `read` messages could be read."""
    told = quantity(read, "message")
    what = (
        gettext("I could read only the first {told} of this thread").format(told=told)
        if read
        else gettext("I could not read this thread")
    )
    if isinstance(error, SlackUnknownOutcome) and error.retry_after:
        return gettext("{what}: Slack makes me wait. {few_at_once}").format(what=what, few_at_once=gettext(FEW_AT_ONCE))
    reason = error.reason if isinstance(error, SlackApiError) else ""
    return f"{what}: {gettext(reason or NOT_GIVEN)}."


async def _pages(
    calls: SlackClient,
    channel: str,
    thread: str,
    *,
    oldest: str = "",
    most: int = THREAD_PAGES,
    urgency: Urgency = ON_DEMAND,
) -> AsyncIterator[list[SlackMessage]]:
    """Yield the messages of a thread, or of a channel for "", page by page. Raises `PlatformError`."""
    method = "conversations.replies" if thread else "conversations.history"
    cursor = ""
    for _ in range(most):
        arguments = {
            "channel": channel,
            "ts": thread or None,
            "oldest": oldest or None,
            "limit": HISTORY_PAGE,
            "include_all_metadata": True,
            "cursor": cursor or None,
        }
        page = ListPage.read(await calls.call(method, arguments, priority=urgency.priority, patience=urgency.patience))
        yield [*page.messages]
        cursor = page.next_cursor
        if not cursor:
            return


def _in_order(found: Sequence[SlackMessage]) -> list[SlackMessage]:
    """Return messages by their time: each page of a thread begins with its root, and a channel comes newest first."""
    by_ts = {item.ts: item for item in found}
    return [by_ts[ts] for ts in sorted(by_ts)]


async def as_read(workspace: SlackWorkspace, messages: Sequence[SlackMessage]) -> list[ReadMessage]:
    """Messages as the core reads them, with names in place of ids; what says nothing is left out."""
    read = [await _as_read(workspace, message) for message in messages if has_content(message)]
    await load_zones(message.time_zone for message in read)
    return read


async def _as_read(workspace: SlackWorkspace, message: SlackMessage) -> ReadMessage:
    at = moment(message.ts)
    if at is None:
        raise AssertionError("a message with content has a time")
    member = await author_of(workspace, message)
    return ReadMessage(
        message_id=message.ts,
        replies_to=replied_to(message),
        author=member.person,
        text=await _text(workspace, message),
        sent_at=at,
        attachments=workspace.attachments_of(message),
        time_zone=member.time_zone,
        thread=message.thread_ts if message.thread_ts != message.ts else "",
        edited_at=moment(message.edited.ts),
        replies=message.reply_count,
        is_announcement=workspace.is_own(message) and message.is_announcement,
    )


async def _text(workspace: SlackWorkspace, message: SlackMessage) -> str:
    """Return what a message says; the bot's own blocks say the same as its text, in words for people."""
    names, text = await workspace.directory.names(mentions(message)), message.text
    if workspace.is_own(message) and text.strip():
        return await offload(len(text), to_markdown, text, names)
    return await message_text(message, names)


async def author_of(workspace: SlackWorkspace, message: SlackMessage) -> Member:
    """Return who wrote a message; a bot under the name that it gave itself."""
    if workspace.is_own(message):
        return Member(id=workspace.bot_user, name="Seedling", is_bot=True)
    if message.user and not message.bot_id:
        return await workspace.directory.member(message.user)
    id = message.user or message.bot_id or "unknown"
    name = message.username or message.bot_profile.name or id
    return Member(id=id, name=" ".join(name.split()), is_bot=True)
