"""The cases of messages with their parts: what people send, and what the model has to see of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.data import data_folder

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Any value that JSON can hold."""


def cases(platform: str) -> list[dict[str, Any]]:
    """Return the cases of one platform, in their order."""
    told = json.loads((data_folder() / "cases" / "messages.json").read_text(encoding="utf-8"))
    return [item for item in told if item["platform"] == platform]


def unseen(expected: Sequence[str], seen: str) -> list[str]:
    """Return those of the expected texts that are not in what is seen, white space aside."""
    plain = " ".join(seen.split())
    return [item for item in expected if " ".join(item.split()) not in plain]


def shaped(names: Sequence[str], kinds: Sequence[object]) -> st.SearchStrategy[dict[str, Any]]:
    """Return payloads with the names and types of a platform at any depth, and any values in them."""
    return st.recursive(
        JSON | st.sampled_from(list(kinds)),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(names)), inner, max_size=6),
        max_leaves=40,
    ).map(lambda value: value if isinstance(value, dict) else dict.fromkeys(names, value))
