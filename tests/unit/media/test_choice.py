"""What the model in use is shown depends on the model, the wire and the settings."""

from __future__ import annotations

from typing import Any

import pytest

from bot.app.file_rules import kinds_taken, make_files
from bot.settings import Settings
from bot.types import Attachment, FileTerms, MessageRef, ReadFile
from tests.fakes import RecordingPlatform
from tests.unit.media import samples

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        pytest.param({"seed_api_key": "k"}, {"image", "video", "document"}, id="seed"),
        pytest.param({"seed_api_key": "k", "seed_wire": "messages"}, {"image"}, id="messages"),
        pytest.param({"seed_base_url": NOWHERE, "seed_model": "llava"}, {"image"}, id="another-model"),
        pytest.param({}, set(), id="embedded"),
    ],
)
def test_each_model_is_shown_what_it_takes(settings: dict[str, Any], kinds: set[str]) -> None:
    assert kinds_taken(Settings(_env_file=None, **settings)) == kinds


@pytest.mark.parametrize(
    ("mode", "kinds"), [("auto", []), ("text", []), ("pages", ["image"]), ("file_part", ["document"])]
)
async def test_the_setting_says_how_documents_are_given(mode: str, kinds: list[str]) -> None:
    files = make_files(Settings(_env_file=None, seed_api_key="k", docs_mode=mode), {})
    found = await files.reader.read("a", samples.pdf("The rope costs seven dollars."), FileTerms())
    assert isinstance(found, ReadFile)
    assert [media.kind for media in found.media] == kinds
    assert files.media_bytes == 14_250_000


class PlatformWithFiles(RecordingPlatform):
    """A platform that gives out files."""

    async def fetch(self, attachment: Attachment, *, limit: int, of: MessageRef | None = None) -> bytes:
        return b"words"


def test_a_platform_that_gives_out_files_is_asked_for_them() -> None:
    platforms = {"with": PlatformWithFiles(), "without": RecordingPlatform()}
    assert list(make_files(Settings(_env_file=None), platforms).sources) == ["with"]
