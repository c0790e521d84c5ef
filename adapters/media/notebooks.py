"""Read notebooks (Jupyter's nbformat 3 and 4): cells in order, what they printed, and their pictures as pictures."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from adapters.media.job import Job
from adapters.media.pictures import Pictures
from adapters.media.texts import decode, read_text, text_file
from adapters.media.web_pages import page_text
from bot.types import ReadFile

_PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_OLD_NAMES: Final = {
    "png": "image/png", "jpeg": "image/jpeg", "text": "text/plain", "html": "text/html", "latex": "text/latex",
    "svg": "image/svg+xml", "json": "application/json",
}  # fmt: skip
_PLACEHOLDER: Final = re.compile(r"<[^<>\n]*>")  # "<IPython.core.display.HTML object>", "<Figure size 640x480>"
_ATTACHED: Final = re.compile(r"!\[([^\[\]\n]*)\]\(attachment:([^()\s]+)\)")
_COLOURS: Final = re.compile(r"\x1b\[[\d;]*m")
_CALLS: Final = 4  # of a traceback, the error itself among them
_LINES_OF_CALLS: Final = 30


def read_notebook(job: Job) -> ReadFile:
    """Return the cells of a notebook; what only looks like one stands as its text. Raises `Unreadable`."""
    text, notes = decode(job.data)
    pictures = Pictures(job)
    try:
        notebook = json.loads(text)
        language = _language(notebook)
        said = [line for cell in _cells(notebook) for line in _cell(cell, language, pictures)]
    except (ValueError, AttributeError, TypeError):
        return read_text(job)
    return text_file(job, "\n".join(said), media=pictures.media, notes=[*notes, *pictures.notes])


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "worksheets" in notebook:  # nbformat 3
        for sheet in notebook["worksheets"]:
            yield from sheet.get("cells", [])
    yield from notebook.get("cells", [])


def _language(notebook: Mapping[str, Any]) -> str:
    about = notebook.get("metadata", {})
    return str(about.get("language_info", {}).get("name") or about.get("kernelspec", {}).get("language") or "")


def _cell(cell: Mapping[str, Any], language: str, pictures: Pictures) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input", "")))
    if cell.get("cell_type") == "code":
        if source.strip():
            yield f"```{language}\n{source.rstrip()}\n```"
        for output in cell.get("outputs", []):
            yield from _output(output, pictures)
    elif source.strip():
        yield _with_attachments(source, cell.get("attachments") or {}, pictures)
    yield ""


def _with_attachments(source: str, attached: Mapping[str, Mapping[str, Any]], pictures: Pictures) -> str:
    """Return Markdown with marks for the pictures that are attached to its cell, where they stand."""

    def mark(found: re.Match[str]) -> str:
        picture = _picture_of(attached.get(unquote(found[2]), {}))
        return found[0] if picture is None else pictures.mark(_decoded(_text(picture)), found[1])

    return _ATTACHED.sub(mark, source)


def _output(output: Mapping[str, Any], pictures: Pictures) -> Iterator[str]:
    if output.get("output_type") in {"error", "pyerr"}:
        yield from _error(output)
        return
    data = output.get("data") or {_OLD_NAMES.get(name, name): value for name, value in output.items()}
    picture = _picture_of(data)
    if picture is not None:
        yield pictures.mark(_decoded(_text(picture)), "output")
    if not picture and (said := _said(data).rstrip()):
        yield f"Output:\n{said}"


def _picture_of(data: Mapping[str, Any]) -> Any:
    return next((data[kind] for kind in _PICTURES if kind in data), None)


def _said(data: Mapping[str, Any]) -> str:
    """Return the form of an output that says most: its plain text, unless that only names an object of the program."""
    plain = _text(data.get("text/plain", ""))
    if plain.strip() and not _PLACEHOLDER.fullmatch(plain.strip()):
        return plain
    forms = (_FORMS[kind](data[kind]) for kind in _FORMS if kind in data)
    other = next((kind for kind in data if "/" in kind and kind not in {*_FORMS, "text/plain"}), "")
    return next((form for form in forms if form.strip()), "") or plain or (f"[{other}, not shown]" if other else "")


def _error(output: Mapping[str, Any]) -> Iterator[str]:
    """Yield an error, and where it came from: the innermost calls, which come last."""
    name = _text(output.get("ename", ""))
    yield f"Error: {name}: {_text(output.get('evalue', ''))}"
    calls = "\n".join(map(str, (output.get("traceback") or [])[-_CALLS:]))
    lines = [line.rstrip() for line in _COLOURS.sub("", calls).split("\n")]
    told = [line for line in lines if line.strip("- ") and not (name and line.startswith(name))]
    if told:
        yield "\n".join(["Traceback (innermost last):", *told[-_LINES_OF_CALLS:]])


def _decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written)
    except (binascii.Error, ValueError):
        return b""


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


_FORMS: Final[Mapping[str, Callable[[Any], str]]] = {  # of what a program displays, those that say most first
    "text/markdown": _text,
    "text/html": lambda value: page_text(_text(value)),
    "text/latex": _text,
    "image/svg+xml": lambda value: page_text(_text(value).replace("</text>", "</text><br>")),
    "application/json": lambda value: json.dumps(value, ensure_ascii=False),
}
