"""Streams whose events are JSON in the words of the wires, in places where nobody expects them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NAMES = (
    "annotations", "arguments", "block", "choices", "citation", "citations", "code", "completion_tokens", "content",
    "content_block", "cost", "cost_usd", "delta", "error", "finish_reason", "function", "id", "index", "input",
    "input_tokens", "item", "link", "message", "name", "object", "output", "output_tokens", "param",
    "prompt_tokens", "prompt_tokens_details", "cached_tokens", "reasoning_content", "reasoning_tokens", "references",
    "refusal", "response", "search_results", "server_tool_use", "status", "stop_reason", "text", "thinking", "title",
    "tool_calls", "tool_usage", "type", "url", "url_citation", "usage", "web_search", "web_search_requests",
)  # fmt: skip
WORDS = (
    "", "stop", "length", "content_filter", "tool_calls", "end_turn", "max_tokens", "refusal", "message",
    "content_block_delta", "content_block_start", "message_start", "message_delta", "message_stop", "mcp_call",
    "output_text", "response", "response.completed", "response.failed", "response.incomplete",
    "response.mcp_call.in_progress", "response.output_item.done", "response.output_text.delta",
    "response.output_text.done", "response.refusal.delta", "tool_use", "web_search_tool_result", "completed", "failed",
    "cancelled", "incomplete", "http://x.test/a", "https://[", '{"query":"q"}', "<think>", "</think>", "\ud83c",
    "\udf31", "²", "404", "1e999", "0.000001", "sk-secret", "RateLimitExceeded",
)  # fmt: skip

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
    | st.integers()
    | st.floats()
    | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
EVENTS = st.tuples(st.sampled_from(["", "", "event: error\n", "event: x\n"]), VALUES)


def written(event: tuple[str, Any]) -> bytes:
    """The event as a server sends it, halves of characters as escapes."""
    return f"{event[0]}data: {json.dumps(event[1])}\n\n".encode()


STREAMS = st.builds(
    lambda wire, events: bytes([wire, 40]) + b"".join(map(written, events)),
    st.integers(0, 2),
    st.lists(EVENTS, max_size=5),
)
