"""What the pages name is there: files, folders, modules, programs and other pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePath

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted({*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"})

FILE = re.compile(r"`([\w./]+\.(?:py|html|css|js))`")
FOLDER = re.compile(r"`((?:bot|adapters|storage|tests|benchmarks|scripts|docs)/[\w/]*)`")
MODULE = re.compile(r"`((?:bot|adapters|storage|tests|benchmarks|scripts)\.\w+\.[\w.]+)`")
PROGRAM = re.compile(r"python -m ((?:benchmarks|scripts|tests)\.\w[\w.]*\w)")
LINK = re.compile(r"(?<!`)\]\(([\w./-]+\.\w+)(?:#[\w-]*)?\)")


ROOMS = ("adapters", "benchmarks", "bot", "docs", "scripts", "storage", "tests")


@cache
def kept() -> frozenset[str]:
    """Return the files of the repository, by their path from its root."""
    files = [*ROOT.glob("*"), *(path for room in ROOMS for path in (ROOT / room).rglob("*"))]
    return frozenset(str(path.relative_to(ROOT)) for path in files if path.is_file() and path.suffix != ".pyc")


def missing(page: Path) -> Iterator[str]:
    files = kept()
    folders = {str(folder) for file in files for folder in PurePath(file).parents}
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    yield from (name for name in FILE.findall(text) if not any(f"/{file}".endswith(f"/{name}") for file in files))
    yield from (name for name in FOLDER.findall(text) if name.rstrip("/") not in folders | files | {f"{name}.py"})
    for name in (*MODULE.findall(text), *PROGRAM.findall(text)):
        path = name.replace(".", "/")
        parents = [path, *map(str, PurePath(path).parents)][:-2]  # what a module holds may be named with it
        if not any(f"{parent}.py" in files or parent in folders for parent in parents):
            yield name
    yield from (name for name in LINK.findall(text) if not (page.parent / name).exists())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert list(missing(page)) == []
