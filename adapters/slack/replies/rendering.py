"""Render answers as Markdown and blocks within the limits, in which nobody can forge a mention. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.slack.api.limits import SECTION_CHARACTERS, TEXT_CHARACTERS
from adapters.slack.elements import Element
from adapters.slack.replies.markdown import JOINER, Block, FallbackRenderer, escape_mrkdwn, with_native_table
from bot.chat.payload import records_of, words_of
from bot.chat.reply_actions import LABELS, UNDO, ReplyAction, actions_of
from bot.commands.command import all_commands
from bot.delivery.footer import SEPARATOR, footer_parts, is_footer
from bot.language import gettext, gettext_noop
from bot.types import Draft, Footer, Source, TurnId

PIECE_CHARACTERS: Final = 10_500
"""Of one message: what sources, notices, small print and buttons take comes on top, below 13,200."""

SMALL_PRINT_CHARACTERS: Final = 1_800  # of sources and notices together
FALLBACK_CHARACTERS: Final = TEXT_CHARACTERS - 100
PLAIN_CHARACTERS: Final = FALLBACK_CHARACTERS
"""Of a message that is text alone, which may be an edit."""

ACTION: Final = "seedling_"
"""What the ids of the buttons under answers begin with; the action follows."""

UNDO_ACTION: Final = f"{ACTION}undo"
FEEDBACK: Final = f"{ACTION}feedback"
RATINGS: Final[Mapping[ReplyAction, str]] = {
    ReplyAction.GOOD: gettext_noop("Good answer"),
    ReplyAction.BAD: gettext_noop("Bad answer"),
}
"""The two buttons of Slack's own feedback element, whose value names which was pressed."""

BUTTONS: Final = (ReplyAction.CONTINUE, ReplyAction.REGENERATE, ReplyAction.RETRY)
"""The buttons under finished answers, in the order in which they are shown."""

DRAWN: Final = (*BUTTONS, *RATINGS, ReplyAction.STOP, ReplyAction.CORRECT)
CONTROLS: Final = frozenset({FEEDBACK, *(f"{ACTION}{action}" for action in DRAWN)})
"""What stands under answers to be pressed."""

NO_ANSWER: Final = gettext_noop("There is no answer.")

METADATA: Final = "seedling_answer"
NOTICE: Final[Mapping[str, Any]] = {"event_type": "seedling_notice", "event_payload": {}}
"""The mark of what is told beside answers: only a stream that has not ended has none."""

_LINKED: Final = re.compile(r"https?://[^\s<>|]+")
COMMAND: Final = "/seed"
_COMMANDS: Final = re.compile(rf"(?<=`)/(?=(?:{'|'.join(all_commands())})\b)")
_NAMED_BY_US: Final = re.compile("&(?P<name>amp|lt);")
_NAMED: Final = re.compile("&(?=(?:amp|lt|gt);)")
_OPENS: Final = re.compile(f"<(?!{JOINER})")  # one that is parted from what follows begins nothing


def in_slack_words(text: str) -> str:
    """Return the core's own texts with their commands as they are typed in Slack: `/set` is `/seed set` there."""
    return _COMMANDS.sub(f"{COMMAND} ", text)


def escape_markdown(text: str) -> str:
    """Markdown in which Slack reads no `<...>`: it looks for mentions there even inside of code.

    Only `<` begins one, and `>` and `&` are left for quotes and addresses; what looks like an entity keeps its look.
    """
    return _OPENS.sub("&lt;", _NAMED.sub("&amp;", text))


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them an ellipsis where some are missing; no entity is cut."""
    if len(text) <= limit:
        return text
    return re.sub(r"&[a-z]{0,3}$", "", text[: limit - 1]).rstrip() + "…"


def unescaped(text: str) -> str:
    """Return the Markdown that `escape_markdown` has escaped."""
    return _NAMED_BY_US.sub(lambda named: "<" if named["name"] == "lt" else "&", text)


def fallback_text(text: str) -> str:
    """Return what notifications and screen readers get beside the blocks, plain; `text` is escaped Markdown."""
    read = FallbackRenderer().render(unescaped(text[: 2 * FALLBACK_CHARACTERS]))
    return shortened(escape_mrkdwn(read).strip(), FALLBACK_CHARACTERS) or "…"


def metadata_of(turn: TurnId, part: int) -> Mapping[str, Any]:
    """Return what marks a message as a part of the answer to a turn, for whoever has to find it again."""
    return {"event_type": METADATA, "event_payload": {"turn": str(turn), "part": part}}


# ---------------------------------------------------------------- the blocks of a message


def markdown_blocks(text: str) -> list[Block]:
    """Return the text itself, escaped before, and its table in a block of its own; [] for none."""
    parts = with_native_table(unescaped(text)) if text.strip() else []
    return [{"type": "markdown", "text": escape_markdown(part)} if isinstance(part, str) else part for part in parts]


def writing_blocks(turn: TurnId) -> list[Block]:
    """Return what stands under an answer that is being written."""
    return [_actions(turn, ReplyAction.STOP)]


def notice_blocks(draft: Draft) -> list[Block]:
    """Return what people are told beside an answer; as a whole section where there is no answer."""
    told = [*draft.notices, *filter(None, (draft.progress,))]
    if not told:
        return []
    said = shortened("\n".join(escape_mrkdwn(in_slack_words(each)) for each in told), SMALL_PRINT_CHARACTERS // 2)
    text = {"type": "mrkdwn", "text": said, "verbatim": True}
    if not draft.text.strip():
        return [{"type": "section", "text": text}]
    return [{"type": "context", "elements": [text]}]


def plain_text(draft: Draft) -> str:
    """Return an answer with its notices as text alone."""
    told = map(in_slack_words, draft.notices)
    return "\n\n".join(filter(None, (FallbackRenderer().render(draft.text), *told))) or gettext(NO_ANSWER)


def end_blocks(draft: Draft, turn: TurnId) -> list[Block]:
    """Return what stands under a finished answer: sources, notices, small print, buttons."""
    blocks = [*_source_blocks(draft.sources), *notice_blocks(draft)]
    if draft.footer is not None:
        blocks.append({"type": "context", "elements": [_small(_small_print(draft.footer))]})
    return [*blocks, *_button_blocks(draft, turn)]


def is_below_answer(block: Element) -> bool:
    """Return whether a block is the small print or the buttons under an answer, which say nothing to a reader."""
    elements = records_of(block.elements)
    if block.type == "context":
        return len(elements) == 1 and is_footer(words_of(elements[0].text))
    return bool(elements) and all(item.action_id in CONTROLS for item in elements)


def _small_print(footer: Footer) -> str:
    return SEPARATOR.join(footer_parts(footer))


def _small(text: str) -> Block:
    return {"type": "mrkdwn", "text": shortened(escape_mrkdwn(text), SECTION_CHARACTERS), "verbatim": True}


def _source_blocks(sources: Sequence[Source]) -> list[Block]:
    lines: list[str] = []
    room = SMALL_PRINT_CHARACTERS // 2
    for number, source in enumerate(sources, start=1):
        line = f"{number}. {_source(source)}"
        if len(line) + 1 > room:
            lines.append(gettext("and {value} more").format(value=len(sources) - number + 1))
            break
        lines.append(line)
        room -= len(line) + 1
    return [{"type": "context", "elements": [_linked("\n".join(lines))]}] if lines else []


def _linked(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _source(source: Source) -> str:
    title = shortened(escape_mrkdwn(" ".join((source.title or source.url).split())).replace("|", "¦"), 100)
    if _LINKED.fullmatch(source.url) is None:
        return title
    return f"<{escape_mrkdwn(source.url)}|{title}>"


def _button_blocks(draft: Draft, turn: TurnId) -> list[Block]:
    actions = actions_of(draft)
    blocks: list[Block] = [_actions(turn, *(action for action in BUTTONS if action in actions))]
    if ReplyAction.GOOD in actions:
        blocks.append({"type": "context_actions", "elements": [_feedback(turn)]})
    return blocks


def correction_blocks(turn: TurnId) -> list[Block]:
    """Return the button that asks an edited question again."""
    return [_actions(turn, ReplyAction.CORRECT)]


def undo_blocks(command: str, thread: str) -> list[Block]:
    """Return the button that carries out the command which takes a change back; [] for none. Its place goes with it."""
    if not command:
        return []
    value = json.dumps([command, thread])
    button = {"type": "button", "action_id": UNDO_ACTION, "text": _plain(gettext(UNDO)), "value": value}
    return [{"type": "actions", "elements": [button]}]


def undo_of(value: str) -> tuple[str, str]:
    """Return the command and the thread that such a button names, "" for what is none. Pure."""
    try:
        command, thread = json.loads(value)
    except ValueError:
        return "", ""
    return (command, thread) if isinstance(command, str) and isinstance(thread, str) else ("", "")


def action_of(id: str, value: str) -> tuple[ReplyAction | None, str]:
    """Return which button under an answer was pressed, None for any other control, and the turn that it names."""
    turn, _, rating = value.partition(":")
    pressed = f"{ACTION}{rating}" if id == FEEDBACK else id
    return next((action for action in DRAWN if action_id(action) == pressed), None), turn


def action_id(action: ReplyAction) -> str:
    """Return the id of a button, which Slack sends back when it is pressed."""
    return f"{ACTION}{action}"


def _actions(turn: TurnId, *actions: ReplyAction) -> Block:
    return {"type": "actions", "elements": [_button(action, turn) for action in actions]}


def _button(action: ReplyAction, turn: TurnId) -> Block:
    return {
        "type": "button",
        "action_id": action_id(action),
        "text": _plain(gettext(LABELS[action])),
        "value": str(turn),
    }


def _feedback(turn: TurnId) -> Block:
    good, bad = (_feedback_button(gettext(text), turn, action) for action, text in RATINGS.items())
    return {"type": "feedback_buttons", "action_id": FEEDBACK, "positive_button": good, "negative_button": bad}


def _feedback_button(text: str, turn: TurnId, action: ReplyAction) -> Block:
    return {"text": _plain(text), "accessibility_label": text, "value": f"{turn}:{action}"}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
