"""Write a question as a request to the API, for people to run elsewhere. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.parameters import PARAMETERS, WIRE_PARAMETERS, Effective
from bot.typed_values import list_text

KEY: Final = "SEED_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Address that requests go to: `url` ends with the version, "" where there is only the embedded model."""

    url: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One way to write a request."""

    name: str
    text: str


def examples(question: str, parameters: Mapping[str, Effective], api: Api) -> list[Example]:
    """Return a question in four ways, with the parameters in force that are not left to the server."""
    values = {
        name: list(item.value) if isinstance(item.value, tuple) else item.value
        for name in WIRE_PARAMETERS
        if (item := parameters.get(name)) is not None and item.value is not None
    }
    if values.get("enable_thinking") is False:
        values.pop("reasoning_effort", None)
    body = {"model": api.model, "messages": [{"role": "user", "content": question}], **values}
    written = json.dumps(body, indent=2, ensure_ascii=False)
    url = f"{api.url.rstrip('/')}/chat/completions"
    return [
        Example(name="curl", text=_curl(url, written)),
        Example(name="OpenAI SDK", text=_openai(api, question, values)),
        Example(name="httpx", text=_httpx(url, body)),
        Example(name="/set", text=_commands(values)),
    ]


def _curl(url: str, body: str) -> str:
    return (
        f"curl {shlex.quote(url)} \\\n"
        f'  -H "Authorization: Bearer ${KEY}" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}\n"
    )


def _openai(api: Api, question: str, values: Mapping[str, Any]) -> str:
    """Write it for the OpenAI SDK, in which what is not the protocol's own is an extra."""
    own = {name: value for name, value in values.items() if "chat" in PARAMETERS[name].standard}
    extra = {name: value for name, value in values.items() if name not in own}
    arguments = "".join(f"    {PARAMETERS[name].standard['chat']}={value!r},\n" for name, value in own.items())
    return (
        "import os\n\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url={api.url!r}, api_key=os.environ["{KEY}"])\n'
        "answer = client.chat.completions.create(\n"
        f"    model={api.model!r},\n"
        f"    messages=[{{'role': 'user', 'content': {question!r}}}],\n"
        f"{arguments}"
        f"    extra_body={extra!r},\n"
        ")\nprint(answer.choices[0].message.content)\n"
    )


def _httpx(url: str, body: Mapping[str, Any]) -> str:
    return (
        "import os\n\nimport httpx\n\n"
        "answer = httpx.post(\n"
        f"    {url!r},\n"
        f'    headers={{"Authorization": f"Bearer {{os.environ[\'{KEY}\']}}"}},\n'
        f"    json={body!r},\n"
        "    timeout=900,\n"
        ")\nanswer.raise_for_status()\n"
        'print(answer.json()["choices"][0]["message"]["content"])\n'
    )


def _commands(values: Mapping[str, Any]) -> str:
    lines = [f"/set {name} {_as_text(name, value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _as_text(name: str, value: Any) -> str:
    return list_text(value) if isinstance(value, list) else PARAMETERS[name].format(value)
