"""What can go with a question in the terminal, and what is said of the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.terminal import attachments
from bot.errors import InvalidInput


def test_files_are_named_and_measured(tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    file.write_text("Grüße")
    [attachment] = attachments([file])
    assert (attachment.name, attachment.size) == ("report.txt", 7)


def test_what_cannot_be_read_again_is_told_how_to_be_sent(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, reason in (
        (pipe, "no file but a pipe"),
        (tmp_path, "is a folder"),
        (tmp_path / "no", "There is no file"),
    ):
        with pytest.raises(InvalidInput, match=reason):
            attachments([path])
