"""Payloads of Slack's blocks and of what they are made of.

https://docs.slack.dev/reference/block-kit/blocks and its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WrapValidator

from bot.chat.payload import Flag, Ids, Many, Nested, Number, Payload, Scalar, Text, scalar_of, words_or_records


def _seconds(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None


def _options(value: object) -> object:
    return [value] if isinstance(value, Mapping) else value


def _chosen(value: object) -> str:
    """Return what is set beforehand: a word, a number, or several."""
    if isinstance(value, list):
        return ", ".join(filter(None, map(scalar_of, value)))
    return "" if isinstance(value, bool) else scalar_of(value)


def _rows(value: object) -> list[list[Any]]:
    rows = value if isinstance(value, list) else []
    return [[cell if isinstance(cell, Mapping) else {} for cell in row] for row in rows if isinstance(row, list)]


OneId = Annotated[tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else [])]
"""An id, as the one of several."""

Chosen = Annotated[str, BeforeValidator(_chosen)]
"""Words or numbers that stand in a field before anybody has changed it."""

Content = Annotated["str | tuple[Element, ...]", WrapValidator(words_or_records)]
"""Words, or one element or several."""


class DataPoint(Payload):
    """A point of a chart."""

    label: Scalar = ""
    value: Scalar = ""


class Series(Payload):
    """A named row of points of a chart."""

    name: Text = ""
    data: Many[DataPoint] = ()


class ChartPayload(Payload):
    """The figures of a chart: a pie has segments, any other one series."""

    series: Many[Series] = ()
    segments: Many[DataPoint] = ()


class TextStyle(Payload):
    """Style of rich text."""

    bold: Flag = False
    italic: Flag = False
    strike: Flag = False
    code: Flag = False


class CallPerson(Payload):
    """Somebody in a call, of Slack or not."""

    slack_id: Text = ""
    display_name: Text = ""


class CallName(Payload):
    """The name of a call, who is in it, and where to join."""

    name: Text = ""
    join_url: Text = ""
    all_participants: Many[CallPerson] = ()
    active_participants: Many[CallPerson] = ()


class CallDetails(Payload):
    """Details of a call."""

    v1: Nested[CallName] = CallName()


class FileName(Payload):
    """The name of a file in a block."""

    name: Text = ""
    title: Text = ""


class Element(Payload):
    """A block, an element of one, a composition object or a part of rich text: Slack nests them in each other.

    The fields of the type `Content` hold words or further elements, for each type of element others.
    """

    type: Text = ""
    action_id: Text = ""
    rich_text_title: Content = ""
    title: Content = ""
    subtitle: Content = ""
    label: Content = ""
    text: Content = ""
    fields: Content = ""
    body: Content = ""
    description: Content = ""
    hint: Content = ""
    details: Content = ""
    output: Content = ""
    sources: Content = ""
    tasks: Content = ""
    elements: Content = ""
    accessory: Content = ""
    element: Content = ""
    child_blocks: Content = ""
    blocks: Content = ""
    actions: Content = ""
    placeholder: Content = ""
    caption: Content = ""
    hero_image: Content = ""
    rows: Annotated[tuple[tuple[Element, ...], ...], BeforeValidator(_rows)] = ()
    options: Many[Element] = ()
    option_groups: Many[Element] = ()
    initial_option: Annotated[Many[Element], BeforeValidator(_options)] = ()
    initial_options: Many[Element] = ()
    initial_value: Chosen = ""
    initial_date: Chosen = ""
    initial_time: Chosen = ""
    initial_date_time: Annotated[float | None, BeforeValidator(_seconds)] = None
    initial_user: OneId = ()
    initial_users: Ids = ()
    initial_channel: OneId = ()
    initial_channels: Ids = ()
    initial_conversation: OneId = ()
    initial_conversations: Ids = ()
    status: Text = ""
    chart: Nested[ChartPayload] = ChartPayload()
    style: Nested[TextStyle] = TextStyle()
    list_style: Text = Field(default="", validation_alias="style")
    indent: Number = 0
    offset: Number = 0
    timestamp: Annotated[float | None, BeforeValidator(_seconds)] = None
    name: Text = ""
    value: Scalar = ""
    fallback: Text = ""
    range: Text = ""
    user_id: Text = ""
    channel_id: Text = ""
    usergroup_id: Text = ""
    team_id: Text = ""
    url: Text = ""
    alt_text: Text = ""
    title_url: Text = ""
    video_url: Text = ""
    provider_name: Text = ""
    author_name: Text = ""
    external_id: Text = ""
    call: Nested[CallDetails] = CallDetails()
    file: Nested[FileName] = FileName()
