"""What `seedling doctor --live` tries in a channel, what it says of it, and that nothing is left there."""

from __future__ import annotations

from adapters.discord.live_check import try_out
from tests.integration.discord.scene import Scene


async def test_everything_is_tried_and_taken_away(scene: Scene) -> None:
    rows = [row async for row in try_out(scene.options, str(scene.general.id), seconds=30, look=0)]
    assert [(row.name, row.ok) for row in rows] == [
        (f"Discord {step}", True) for step in ("typing", "post", "nonce", "edit", "upload", "delete")
    ]
    assert "1 files" in rows[4].detail
    assert scene.answers(scene.general) == []
