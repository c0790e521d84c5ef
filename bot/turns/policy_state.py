"""Collect what the message policy has to know of the place of an incoming."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.access.control import AccessControl
from bot.chat.follow_ups import TALK_LENGTH
from bot.chat.message_policy import ANSWERS_TO_BOTS, PolicyState, placed
from bot.parameter_resolver import effective_parameters, values_of
from bot.ports import Store
from bot.types import ANSWER_IN, Incoming

NO_PART: Final = PolicyState(has_participated=False, parameters={})


async def policy_state(incoming: Incoming, store: Store, access: AccessControl, *, marked: bool = False) -> PolicyState:
    """Return what the stores know, as far as it can matter for what came in."""
    talks_in_channel = incoming.is_top_level and not incoming.is_directed
    key = replace(incoming.key, thread="") if talks_in_channel else incoming.key
    has_participated = await store.has_participated(key)
    if not (incoming.is_directed or has_participated):
        return NO_PART
    parameters = values_of(await effective_parameters(replace(incoming, key=key), store))
    if talks_in_channel and not marked and parameters.get(ANSWER_IN) != "channel":
        return NO_PART
    facts = await access.facts(incoming)
    state = PolicyState(has_participated=has_participated, parameters=parameters, access=facts)
    key = placed(incoming, state).key
    if incoming.author.is_bot and incoming.is_directed:
        return replace(state, asked_by_bots=await store.asked_by_bots(key, limit=ANSWERS_TO_BOTS))
    if incoming.author.is_bot or incoming.is_directed or parameters.get("follow_ups") != "auto":
        return state
    return replace(state, talk=await store.recent_talk(key, limit=TALK_LENGTH, without=incoming.message_id))
