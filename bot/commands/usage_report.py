"""Report the tokens and cost of a place or a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from bot.delivery.footer import money
from bot.language import gettext, gettext_noop, minute, ngettext, number, quantity
from bot.ports import Ledger
from bot.pricing import RateCard
from bot.summary.request import zone_of
from bot.types import EVERYTHING, Bar, Chart, ConversationKey, Incoming, Spending, Within

DAYS = 30
MOST_BARS = 100
FEWEST_BARS = 2
MOST_DAYS = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that a report is about; `words` are how people say it."""

    since: datetime
    until: datetime
    words: str


def last_days(days: int, now: datetime) -> Span:
    """Return so many days up to now."""
    length = gettext("24 hours") if days == 1 else quantity(days, "day")
    words = gettext("the last {length}").format(length=length)
    return Span(since=now - timedelta(days=days), until=now, words=words)


def this_month(now: datetime) -> Span:
    """Return the present month, from the first day of UTC on: as the console, and the provider, count it."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Span(since=first, until=now, words=gettext("this month (UTC)"))


async def usage_text(place: str, span: Span, incoming: Incoming, ledger: Ledger, card: RateCard) -> str:
    """Return the tokens and cost of a place or a person over some time, as Markdown."""
    spent = await ledger.usage_totals(since=span.since, until=span.until, within=_within(place, incoming))
    lines = [
        f"**{gettext(WHERE[place])}, {span.words}**",
        "",
        _table(spent),
        "",
        *filter(None, (guesses(spent),)),
        gettext("Prices: {origin}.").format(origin=_origin(card, await zone_of(incoming.time_zone))),
    ]
    possible = _possible_saving(spent, card)
    if possible:
        lines.append(
            gettext(
                "The provider publishes no price for cached tokens, so they are counted at the full price. "
                "At {cached_share:.0%} of it, the cost would be about {money} lower."
            ).format(cached_share=card.cached_share, money=money(possible))
        )
    return "\n".join(lines)


async def usage_chart(place: str, span: Span, incoming: Incoming, ledger: Ledger) -> Chart | None:
    """Return what was spent on each day, of a long time in each week; None where nothing was, or in only one of them.

    The picture itself has no words, which its font may lack letters for: they are in the text beside it.
    """
    days = await ledger.cost_by_day(since=span.since, until=span.until, within=_within(place, incoming))
    first, last = span.since.astimezone(UTC).date(), span.until.astimezone(UTC).date()
    length = (last - first).days + 1
    step = 1 if length <= MOST_BARS else 7
    begins = [first + timedelta(days=number) for number in range(0, length, step)]
    costs = [exact_total(days.get(begin + timedelta(days=n), Decimal(0)) for n in range(step)) for begin in begins]
    if len(begins) < FEWEST_BARS or len(begins) > MOST_BARS or not any(costs):
        return None
    highest = max(costs)
    total = money(exact_total(days.values()))
    alt = gettext("{item}, {span}: {total} in all, most on {day}: {highest}.").format(
        item=gettext(WHERE[place]),
        span=span.words,
        total=total,
        day=begins[costs.index(highest)],
        highest=money(highest),
    )
    bars = tuple(Bar(label=f"{begin:%m-%d}", value=float(cost)) for begin, cost in zip(begins, costs, strict=True))
    return Chart(title=f"{first} / {last}   {total}", bars=bars, top=money(highest), alt=alt)


def exact_total(costs: Iterable[Decimal]) -> Decimal:
    """Return a sum of money."""
    return sum(costs, Decimal(0))


def _origin(card: RateCard, zone: tzinfo) -> str:
    if card.as_of is None:
        return card.origin
    return gettext("from the provider, read on {time}").format(time=minute(card.as_of.astimezone(zone)))


WHERE = {
    "thread": gettext_noop("This thread"),
    "channel": gettext_noop("This channel"),
    "workspace": gettext_noop("This workspace"),
    "everywhere": gettext_noop("The whole installation"),
    "me": gettext_noop("Your own questions"),
}


def _within(place: str, incoming: Incoming) -> Within:
    key: ConversationKey = incoming.key
    match place:
        case "me":
            return Within(platform=key.platform, workspace=key.workspace, author_id=incoming.author.id)
        case "workspace":
            return Within(platform=key.platform, workspace=key.workspace)
        case "everywhere":
            return EVERYTHING
        case "channel":
            return Within(platform=key.platform, workspace=key.workspace, channel=key.channel)
        case _:
            return Within(platform=key.platform, workspace=key.workspace, channel=key.channel, thread=key.thread)


def _table(spent: Spending) -> str:
    share = f" ({spent.cached / spent.input:.0%})" if spent.input else ""
    cells = (number(spent.requests), number(spent.input), number(spent.cached) + share, number(spent.output))
    return "\n".join(
        (
            gettext("| requests | tokens in | cached | tokens out | cost |"),
            "|---|---|---|---|---|",
            f"| {' | '.join(cells)} | {money(spent.cost)} |",
        )
    )


def guesses(spent: Spending) -> str:
    """Return how much of a sum nobody has told us, in a sentence; "" where all was counted."""
    sentences = []
    if spent.estimated:
        sentences.append(
            gettext("{money} of this is estimated, for answers whose end was not reported.").format(
                money=money(spent.estimated)
            )
        )
    if spent.under_way:
        sentences.append(
            ngettext(
                "{count} request is still under way, counted as far as known.",
                "{count} requests are still under way, counted as far as known.",
                spent.under_way,
            ).format(count=number(spent.under_way))
        )
    return " ".join(sentences)


def _possible_saving(spent: Spending, card: RateCard) -> Decimal:
    """Return what the assumed price of cached tokens would save, while none is published; in the lowest tier."""
    tier = card.tiers[0]
    if tier.cached is not None or not spent.cached:
        return Decimal(0)
    return spent.cached * (tier.input - card.decision_price_of_cached(tier)) / Decimal(1_000_000)
