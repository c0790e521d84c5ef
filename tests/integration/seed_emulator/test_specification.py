"""OpenAI's own specification accepts every body and every event of the shape "openai"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tests.emulators.seed.options import SourceShape
from tests.integration.seed_emulator.asking import asking

QUESTIONS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("long markdown 1", {}),
    ("count to 3", {"enable_web_search": True}),
    ("count to 3", {"enable_thinking": False}),
    ("write 50 words [filter after 4]", {}),
)
SOURCES: tuple[SourceShape, ...] = ("annotations", "mcp", "none")


class Specification:
    """OpenAI's specification as JSON Schema; its validators are made once each."""

    def __init__(self, text: str) -> None:
        self._components = _without_nullable(json.loads(text)["components"])
        self._validators: dict[str, Draft202012Validator] = {}

    def problems(self, name: str, value: Any) -> list[str]:
        """What the schema `name` says against `value`, in short."""
        if name not in self._validators:
            schema = {"$ref": f"#/components/schemas/{name}", "components": self._components}
            self._validators[name] = Draft202012Validator(schema)
        errors = self._validators[name].iter_errors(value)
        return [f"{error.instance_path}: {error.message[:200]}" for error in errors]

    def events(self) -> Mapping[str, str]:
        """The schema of each event of a response stream by the type that it has."""
        schemas = self._components["schemas"]
        names = [item["$ref"].rpartition("/")[2] for item in schemas["ResponseStreamEvent"]["anyOf"]]
        return {kind: name for name in names for kind in schemas[name]["properties"]["type"]["enum"]}


@pytest.fixture(scope="module")
def specification(shared_data: Path) -> Specification:
    """The specification, read once."""
    return Specification((shared_data / "specs" / "openai_openapi.json").read_text("utf-8"))


def _without_nullable(value: Any) -> Any:
    """OpenAPI 3.0's `nullable` said in the words of JSON Schema."""
    if isinstance(value, list):
        return [_without_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    converted = {name: _without_nullable(item) for name, item in value.items() if name != "nullable"}
    return {"anyOf": [converted, {"type": "null"}]} if value.get("nullable") is True else converted


@pytest.mark.parametrize("sources", SOURCES)
async def test_the_specification_accepts_chat_completions(specification: Specification, sources: SourceShape) -> None:
    async with asking(shape="openai", sources=sources) as seed:
        for question, fields in QUESTIONS:
            body = await seed.ask(question, **fields)
            assert not specification.problems("CreateChatCompletionResponse", body)
            events = await seed.events(question, **fields)
            assert events.pop().data == "[DONE]"
            for event in events:
                assert not specification.problems("CreateChatCompletionStreamResponse", event.data)


@pytest.mark.parametrize("sources", SOURCES)
async def test_the_specification_accepts_responses(specification: Specification, sources: SourceShape) -> None:
    names = specification.events()
    async with asking(shape="openai", sources=sources) as seed:
        for question, fields in QUESTIONS:
            assert not specification.problems("Response", await seed.ask(question, "responses", **fields))
            for event in await seed.events(question, "responses", **fields):
                assert not specification.problems(names[event.name], event.data)


async def test_the_specification_notices_the_shape_of_the_provider(specification: Specification) -> None:
    async with asking() as seed:
        first = (await seed.events("count to 3"))[0]
        opening = (await seed.events("count to 3", "responses"))[0]
    assert specification.problems("CreateChatCompletionStreamResponse", first.data)
    assert specification.problems("ResponseCreatedEvent", opening.data)
