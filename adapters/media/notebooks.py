"""Read notebooks (Jupyter's nbformat 3 and 4): cells in order, what they printed, and their pictures as pictures."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.media.job import Job
from adapters.media.pictures import Pictures
from adapters.media.texts import decode, read_text, text_file
from adapters.media.web_pages import page_text
from bot.types import ReadFile

_PICTURES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")
_OLD_NAMES: Final = {"png": "image/png", "jpeg": "image/jpeg", "text": "text/plain", "html": "text/html"}


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
        yield source
    yield ""


def _output(output: Mapping[str, Any], pictures: Pictures) -> Iterator[str]:
    if output.get("output_type") in {"error", "pyerr"}:
        yield f"Error: {_text(output.get('ename', ''))}: {_text(output.get('evalue', ''))}"
        return
    data = output.get("data") or {_OLD_NAMES.get(name, name): value for name, value in output.items()}
    picture = next((data[kind] for kind in _PICTURES if kind in data), None)
    if picture is not None:
        yield pictures.mark(_decoded(_text(picture)), "output")
    plain, page = _text(data.get("text/plain", "")), _text(data.get("text/html", ""))
    if not picture and (said := (plain or page_text(page)).rstrip()):
        yield f"Output:\n{said}"


def _decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written)
    except (binascii.Error, ValueError):
        return b""


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
