"""Discord's own specifications: what a request, an answer and a gateway frame must look like.

Three allowances and some corrections. Discord takes what discord.py sends: ids may be integers, and an edit may carry
`tts`. The schemas of the gateway know single flags where Discord sends sums of them, and have lost the types of the
fields of forwarded messages. The HTTP API's specification says that codes inside the tree of errors are numbers, which
are words, and lacks the references of forwards and polls that never end (resources/message, resources/poll).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

from jsonschema_rs import Draft7Validator, Draft202012Validator, ValidationError

from tests.data import VARIABLE, data_folder
from tests.emulators.discord.errors import ApiError, wrong_form, wrong_forms
from tests.emulators.discord.world import FORWARD

Validator = Draft7Validator | Draft202012Validator
JSON = "application/json"

# Discord's words for what JSON Schema calls so; the rest is called "INVALID_FORM_VALUE" here.
_CODES = {
    "maxLength": "BASE_TYPE_MAX_LENGTH",
    "minLength": "BASE_TYPE_MIN_LENGTH",
    "maxItems": "BASE_TYPE_MAX_LENGTH",
    "minItems": "BASE_TYPE_MIN_LENGTH",
    "minimum": "NUMBER_TYPE_MIN",
    "maximum": "NUMBER_TYPE_MAX",
    "required": "BASE_TYPE_REQUIRED",
    "enum": "BASE_TYPE_CHOICES",
    "oneOf": "UNION_TYPE_CHOICES",
    "anyOf": "UNION_TYPE_CHOICES",
    "type": "BASE_TYPE_BAD_TYPE",
}
_INNER_ERROR = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}
_MOST_SHOWN = 200
_INTEGER = re.compile(r"-?[0-9]{1,19}")


@dataclass(slots=True, kw_only=True)
class Report:
    """Report of what was held against the specifications, and what was wrong, each told as "where: what"."""

    requests: int = 0
    refused: int = 0
    answers: int = 0
    frames_in: int = 0
    frames_out: int = 0
    problems: list[str] = field(default_factory=list)
    answer_problems: list[str] = field(default_factory=list)
    frame_problems: list[str] = field(default_factory=list)
    not_modelled: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether nothing at all was wrong."""
        return not (self.problems or self.answer_problems or self.frame_problems or self.not_modelled)

    def __str__(self) -> str:
        """The report as it is shown to people."""
        lines = [
            f"requests checked {self.requests}, refused {self.refused}; answers checked {self.answers}; "
            f"frames checked {self.frames_in} in, {self.frames_out} out",
            *(f"request  {problem}" for problem in self.problems),
            *(f"answer   {problem}" for problem in self.answer_problems),
            *(f"frame    {problem}" for problem in self.frame_problems),
            *(f"unknown  {path} ({times} times)" for path, times in self.not_modelled.items()),
        ]
        return "\n".join(lines)


@cache
def _documents() -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """The HTTP API, what the gateway sends, what a client sends; read once in a process."""
    folder = data_folder() / "specs"
    if not folder.is_dir():
        raise FileNotFoundError(f"Discord's specifications are not in {str(folder)!r}; point {VARIABLE} at the data")
    names = ("discord_openapi.json", "discord_gateway_dispatch.schema.json", "discord_gateway_send.schema.json")
    http, dispatch, send = (json.loads((folder / name).read_text("utf-8")) for name in names)
    for document in (dispatch, send):
        definitions = document["definitions"]
        definitions |= {name: {"type": "integer"} for name in definitions if name.endswith("Flags")}  # sums of values
    dispatch["definitions"]["APIMessageSnapshotFields"] = {"type": "object"}
    schemas = http["components"]["schemas"]
    schemas["MessageReferenceType"]["oneOf"].append({"const": FORWARD})
    schemas["PollResponse"]["properties"]["expiry"]["type"] = ["string", "null"]
    # Codes inside the tree of errors are words, as discord.py and every report of an error show them.
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = _INNER_ERROR
    # Discord reads an integer where an id is expected.
    schemas["SnowflakeType"] |= {"type": ["string", "integer"]}
    return http, dispatch, send


@cache
def _http(schema: str) -> Validator:
    """A validator of a schema (as JSON) that may point into the HTTP API's components."""
    return Draft202012Validator({**json.loads(schema), "components": _documents()[0]["components"]})


@cache
def _events() -> Mapping[str, Mapping[str, Any]]:
    """The schema of each event by its name."""
    definitions = _documents()[1]["definitions"]
    return {member["properties"]["t"]["const"]: member for member in _members(definitions, definitions["Dispatch"])}


def _members(definitions: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in schema:
        yield from _members(definitions, definitions[unquote(schema["$ref"].rpartition("/")[2])])
    elif "anyOf" in schema:
        for item in schema["anyOf"]:
            yield from _members(definitions, item)
    else:
        yield schema


@cache
def _event(name: str) -> Validator:
    return Draft7Validator({**_events()[name], "definitions": _documents()[1]["definitions"]})


@cache
def _sent() -> Validator:
    return Draft7Validator(dict(_documents()[2]))


@cache
def _operation(method: str, template: str) -> Mapping[str, Any] | None:
    path = _documents()[0]["paths"].get(template, {})
    found: Mapping[str, Any] | None = path.get(method.lower())
    return found and {**found, "parameters": [*path.get("parameters", ()), *found.get("parameters", ())]}


class Specification:
    """Holds everything that passes against the specifications and keeps count."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self.report = Report()
        if enabled:
            _documents()

    def check_request(self, method: str, template: str, body: Any, query: Mapping[str, str], *, form: bool) -> None:
        """Check a request, `form` saying that it came as multipart. Raises `ApiError` (50035 or 50109)."""
        operation = _operation(method, template) if self._enabled else None
        if operation is None:
            return
        self.report.requests += 1
        try:
            self._check_query(operation, query)
            self._check_body(operation, body, form=form)
        except ApiError as error:
            self.refuse(method, template, error)
            raise

    def refuse(self, method: str, template: str, error: ApiError) -> None:
        """Note that a request was refused for its form."""
        self.report.refused += 1
        self.report.problems.append(f"{method} {template}: {json.dumps(error.errors or error.message)}")

    def _check_query(self, operation: Mapping[str, Any], query: Mapping[str, str]) -> None:
        for parameter in operation["parameters"]:
            given = query.get(parameter["name"])
            if parameter["in"] != "query" or given is None:
                continue
            candidates: list[Any] = [given, [given]]
            candidates += [int(given)] if _INTEGER.fullmatch(given) else []
            candidates += [True] if given.lower() in {"true", "false", "0", "1"} else []
            validator = _http(json.dumps(parameter["schema"]))
            if not any(validator.is_valid(candidate) for candidate in candidates):
                raise wrong_form([parameter["name"]], "INVALID_FORM_VALUE", f"Value {given[:40]!r} is not accepted.")

    def _check_body(self, operation: Mapping[str, Any], body: Any, *, form: bool) -> None:
        content = operation.get("requestBody", {}).get("content")
        if content is None:
            return
        kind = "multipart/form-data" if form else JSON
        if kind not in content:
            raise ApiError(400, 50035, "Invalid Form Body")
        if body is None:
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        errors = list(_http(json.dumps(content[kind]["schema"])).iter_errors(body))
        if errors:
            raise wrong_forms(_told(error) for error in errors)

    def check_answer(self, method: str, template: str, status: int, body: Any) -> None:
        """Note where an answer of the emulator is not as Discord's would be."""
        operation = _operation(method, template) if self._enabled else None
        if operation is None:
            return
        self.report.answers += 1
        where = f"{method} {template} {status}"
        answers = operation["responses"]
        if status >= 400:
            problems = _problems(_http('{"$ref": "#/components/schemas/ErrorResponse"}'), body)
        elif str(status) not in answers:
            problems = [f"the status is none of {', '.join(answers)}"]
        else:
            schema = answers[str(status)].get("content", {}).get(JSON, {}).get("schema")
            problems = _problems(_http(json.dumps(schema)), body) if schema else []
        self.report.answer_problems += [f"{where}: {problem}" for problem in problems]

    def check_sent(self, frame: Any) -> bool:
        """Whether a frame from the client is as it must be; notes it when not."""
        if not self._enabled:
            return True
        self.report.frames_in += 1
        problems = _problems(_sent(), frame)
        self.report.frame_problems += [f"from the client: {problem}" for problem in problems]
        return not problems

    def check_event(self, frame: Mapping[str, Any]) -> None:
        """Note where an event of the emulator is not as Discord's would be."""
        if not self._enabled or frame["t"] == "RESUMED":  # of which the schema says that it has no content
            return
        self.report.frames_out += 1
        self.report.frame_problems += [f"{frame['t']}: {problem}" for problem in _problems(_event(frame["t"]), frame)]


def _problems(validator: Validator, value: Any) -> list[str]:
    return [f"{list(error.instance_path)}: {error.message[:_MOST_SHOWN]}" for error in validator.iter_errors(value)]


def _told(error: ValidationError) -> tuple[Sequence[str | int], str, str]:
    keyword = next((str(item) for item in reversed(error.schema_path) if str(item) in _CODES), "")
    return list(error.instance_path), _CODES.get(keyword, "INVALID_FORM_VALUE"), error.message[:_MOST_SHOWN]


def document() -> Mapping[str, Any]:
    """The HTTP API's specification as it is used here."""
    return _documents()[0]


def operations() -> list[tuple[str, str]]:
    """Every operation of the HTTP API as method and path."""
    methods = ("get", "post", "put", "patch", "delete")
    return [(name.upper(), path) for path, item in _documents()[0]["paths"].items() for name in methods if name in item]
