"""Put an answer into a file where it would take too many messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.language import gettext_noop
from bot.types import ANSWER_MESSAGES, Draft, Incoming

FILE_NAME: Final = "answer.md"
MEDIA_TYPE: Final = "text/markdown"
IN_A_FILE: Final = gettext_noop("This is the first page; the whole answer is in the file.")
TO_COME: Final = gettext_noop("The whole answer comes as a file.")
NOTHING_SHOWN: Final = gettext_noop("It is in the file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """A file that stands beside the first page of an answer."""

    name: str
    text: str

    @property
    def data(self) -> bytes:
        """Return what is uploaded."""
        return self.text.encode()


def file_of(draft: Draft) -> AnswerFile:
    """Return the file of an answer: its text as the model wrote it, and its sources."""
    sources = [f"{number}. [{item.title or item.url}](<{item.url}>)" for number, item in enumerate(draft.sources, 1)]
    parts = (draft.text.strip(), "\n".join(("## Sources", "", *sources)) if sources else "")
    return AnswerFile(name=draft.file_name or FILE_NAME, text="\n\n".join(filter(None, parts)) + "\n")


def most_messages(asked: Incoming, usual: int) -> int:
    """Return how many messages an answer may have: as people have set it, else as is `usual` on the platform."""
    told = asked.platform_data.get(ANSWER_MESSAGES, "")
    return int(told) if told.isdecimal() else usual


def is_for_file(draft: Draft, messages: int, most: int) -> bool:
    """Return whether an answer that takes so many messages belongs into a file."""
    return bool(draft.file_name) or messages > most
