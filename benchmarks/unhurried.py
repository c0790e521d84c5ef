"""Let one person ask as much as a benchmark wants."""

from __future__ import annotations

from bot.parameters import PARAMETERS, Scope
from bot.ports import SettingStore

PACE = ("questions_per_minute", "questions_per_hour", "answers_per_person", "answers_per_channel")


async def lift_pace(store: SettingStore, workspace: str) -> None:
    """Take as many questions in "platform/workspace" as there can be."""
    for name in PACE:
        await store.put_setting(Scope(kind="workspace", key=workspace), name, f"{PARAMETERS[name].high:.0f}")
