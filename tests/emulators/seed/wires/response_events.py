"""The stream of the responses wire."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tests.emulators.seed import tokens
from tests.emulators.seed.completion import Completion
from tests.emulators.seed.options import Options
from tests.emulators.seed.request import Ask
from tests.emulators.seed.wires import responses
from tests.emulators.seed.wires.frames import DONE, Frame, FramePart


def frames(completion: Completion, ask: Ask, options: Options) -> Iterator[Frame]:
    """The answer as events with growing sequence numbers; the provider ends them with [DONE], OpenAI does not."""
    return _Stream(completion, ask, options).frames()


class _Stream:
    """One stream; each method writes a part of it."""

    def __init__(self, completion: Completion, ask: Ask, options: Options) -> None:
        self._completion = completion
        self._ask = ask
        self._options = options
        self._strict = options.shape == "openai"
        self._numbers = itertools.count()
        self._places = itertools.count()

    def frames(self) -> Iterator[Frame]:
        """All of it."""
        completion = self._completion
        start = responses.opening(completion, self._ask, self._options)
        yield self._event("created", "open", response=start)
        yield self._event("in_progress", "open", response=start)
        if completion.reasoning:
            yield from self._reasoning()
        for item in responses.tool_items(completion, self._options):
            yield from self._tool(item)
        if completion.text:
            yield from self._message()
        end = responses.whole(completion, self._ask, self._options)
        yield self._event("completed" if completion.finish == "stop" else "incomplete", "finish", response=end)
        if not self._strict:
            yield Frame(part="end", body=DONE)

    def _event(self, kind: str, carries: FramePart, /, *, spent: int = 0, **fields: Any) -> Frame:
        name = f"response.{kind}"
        body = {"type": name, **fields, "sequence_number": next(self._numbers)}
        return Frame(part=carries, name=name, body=body, tokens=spent)

    def _added(self, item: dict[str, Any], place: int, **empty: Any) -> Frame:
        """An item begins; the provider leaves its empty lists out."""
        begun = {**item, "status": "in_progress"} if "status" in item else dict(item)
        for name, value in empty.items():
            begun.pop(name)
            if self._strict:
                begun[name] = value
        return self._event("output_item.added", "open", output_index=place, item=begun)

    def _reasoning(self) -> Iterator[Frame]:
        item = responses.reasoning_item(self._completion)
        place = next(self._places)
        whole = item["summary"][0]
        at = {"item_id": item["id"], "output_index": place, "summary_index": 0}
        empty = {"type": "summary_text", "text": ""} if self._strict else {"type": "summary_text"}
        yield self._added(item, place, summary=[])
        yield self._event("reasoning_summary_part.added", "open", **at, part=empty)
        size = self._options.chunk_tokens
        for piece in tokens.cut(list(self._completion.reasoning), size):
            yield self._event("reasoning_summary_text.delta", "reasoning", spent=size, **at, delta=piece)
        yield self._event("reasoning_summary_text.done", "open", **at, text=whole["text"])
        yield self._event("reasoning_summary_part.done", "open", **at, part=whole)
        yield self._event("output_item.done", "open", output_index=place, item=item)

    def _tool(self, item: dict[str, Any]) -> Iterator[Frame]:
        place = next(self._places)
        at = {"item_id": item["id"], "output_index": place}
        kind = item["type"]
        if kind == "mcp_call":
            yield self._added(item, place, output=None, arguments="")
        elif kind == "mcp_list_tools":
            yield self._added(item, place, tools=[])
        else:
            yield self._added(item, place)
        yield self._event(f"{kind}.in_progress", "open", **at)
        if kind == "web_search_call":
            yield self._event("web_search_call.searching", "open", **at)
        if kind == "mcp_call":
            arguments = "mcp_call_arguments" if self._strict else "mcp_call.arguments"
            yield self._event(f"{arguments}.delta", "open", **at, delta=item["arguments"])
            yield self._event(f"{arguments}.done", "open", **at, arguments=item["arguments"])
        yield self._event(f"{kind}.completed", "open", **at)
        yield self._event("output_item.done", "open", output_index=place, item=item)

    def _message(self) -> Iterator[Frame]:
        item = responses.message_item(self._completion, self._options)
        place = next(self._places)
        content = item["content"][0]
        at = {"item_id": item["id"], "output_index": place, "content_index": 0}
        empty: dict[str, Any] = {"type": "output_text"}
        more: dict[str, Any] = {}
        if self._strict:
            empty |= {"text": "", "annotations": [], "logprobs": []}
            more = {"logprobs": []}
        yield self._added(item, place, content=[])
        yield self._event("content_part.added", "open", **at, part=empty)
        size = self._options.chunk_tokens
        for piece in tokens.cut(list(self._completion.text), size):
            yield self._event("output_text.delta", "text", spent=size, **at, delta=piece, **more)
        for number, annotation in enumerate(content.get("annotations", [])):
            yield self._event(
                "output_text.annotation.added", "close", **at, annotation_index=number, annotation=annotation
            )
        yield self._event("output_text.done", "close", **at, text=content["text"], **more)
        yield self._event("content_part.done", "close", **at, part=content)
        yield self._event("output_item.done", "close", output_index=place, item=item)
