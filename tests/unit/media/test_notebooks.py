"""Notebooks show what their programs displayed, in the form that says most."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.unit.media import samples
from tests.unit.media.reading import read

PICTURE = base64.b64encode(samples.saved(samples.drawing(), "PNG")).decode()


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": cells}).encode()


def output(**data: Any) -> bytes:
    return notebook({"cell_type": "code", "source": "x", "outputs": [{"output_type": "display_data", "data": data}]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text/plain": "<IPython.core.display.Markdown object>", "text/markdown": ["**4711**"]}, "**4711**"),
        ({"text/plain": "<IPython.core.display.HTML object>", "text/html": "<p>815</p>"}, "815"),
        ({"text/plain": "<Figure size 640x480>", "image/svg+xml": "<svg><text>a</text><text>b</text></svg>"}, "a\nb"),
        ({"text/latex": "$E=mc^2$"}, "$E=mc^2$"),
        ({"text/plain": ["<JSON object>"], "application/json": {"k": ["v"]}}, '{"k": ["v"]}'),
        ({"text/plain": "   a\n0  1", "text/html": "<table><tr><td>1</table>"}, "   a\n0  1"),
        ({"text/plain": "<Thing object>"}, "<Thing object>"),
        ({"application/vnd.plotly.v1+json": {}}, "[application/vnd.plotly.v1+json, not shown]"),
    ],
)
def test_an_output_is_shown_in_the_form_that_says_most(data: dict[str, Any], said: str) -> None:
    assert read(output(**data)).text.partition("Output:\n")[2].rstrip("\n") == said


def test_a_picture_attached_to_a_cell_stands_where_it_is_shown() -> None:
    attached = {"a b.png": {"image/png": PICTURE}}
    source = "See ![plan](attachment:a%20b.png), not ![x](attachment:gone.png)"
    found = read(notebook({"cell_type": "markdown", "source": source, "attachments": attached}))
    assert found.text.strip() == "See [picture 1: plan], not ![x](attachment:gone.png)"
    assert len(found.media) == 1


def test_an_error_says_where_it_came_from() -> None:
    frames = [
        "-" * 75,
        "ValueError   Traceback (most recent call last)",
        "\x1b[0;31mCell In[1]\x1b[0m, line 2\n----> 2 f()",
    ]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": [*frames, "ValueError: bad"]}
    found = read(notebook({"cell_type": "code", "source": "f()", "outputs": [error]}))
    assert found.text.rstrip().endswith(
        "Error: ValueError: bad\nTraceback (innermost last):\nCell In[1], line 2\n----> 2 f()"
    )
