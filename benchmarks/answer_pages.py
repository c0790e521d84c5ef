"""Pictures of answers: what each platform is told of them, drawn as its people see it, as pages that any browser opens.

`python -m benchmarks.answer_pages [FOLDER]` writes `discord.html` and `slack.html`: the answers of the cases and of
MT-Bench, each beside what the model wrote, and prints how many messages they take and what the platforms would refuse.
Discord's is read as its own client reads it (`tests.emulators.discord.markdown`), Slack's by its blocks.
"""

from __future__ import annotations

import argparse
import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt

from adapters.discord.api.limits import CONTENT
from adapters.discord.replies.rendering import plain_pages
from adapters.slack.replies.markdown import to_slack
from adapters.slack.replies.rendering import PIECE_CHARACTERS, escape_markdown, markdown_blocks, unescaped
from bot.delivery import known, split
from tests.data import data_folder
from tests.emulators.discord.markdown import Node, read_markdown
from tests.emulators.slack.blocks import check_message_blocks

STYLE: Final = """
body { font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 90em; color: #1d1c1d }
section { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5em; border-top: 1px solid #ccc; padding: 1em 0 }
section > * { min-width: 0; overflow-wrap: anywhere } h2 { grid-column: 1/3; font-size: 1em; margin: 0 }
.wrote { white-space: pre-wrap; font: 12px/1.4 monospace; color: #555 }
.message { white-space: pre-wrap; border-left: 4px solid #5865f2; padding-left: .8em; margin-bottom: .6em }
.slack .message { border-color: #4a154b; white-space: normal }
pre { background: #f4f4f4; padding: .6em; overflow: auto }
code { background: #f4f4f4; color: #a02 } pre code { color: inherit } table { border-collapse: collapse }
td, th { border: 1px solid #ccc; padding: .2em .5em }
blockquote { border-left: 4px solid #bbb; margin: 0; padding-left: .6em }
.spoiler { background: #333; color: #333 } small { color: #666 }
"""
TAGS: Final = {
    "bold": "b", "italic": "i", "underline": "u", "strike": "s", "code": "code", "quote": "blockquote",
    "small": "small",
}  # fmt: skip
SLACK: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer as a model wrote it."""

    name: str
    text: str


def answers() -> Iterator[Answer]:
    """Yield the answers of the cases, then both turns of MT-Bench's."""
    for case in json.loads((data_folder() / "cases" / "answers.json").read_text()):
        yield Answer(name=f"case {case['id']}", text=case["text"])
    for line in (data_folder() / "llm" / "mtbench_gpt-4.jsonl").read_text().splitlines():
        told = json.loads(line)
        for number, text in enumerate(told["choices"][0]["turns"], 1):
            yield Answer(name=f"MT-Bench {told['question_id']}, turn {number}", text=text)


# ---------------------------------------------------------------- Discord


def discord_messages(text: str) -> Sequence[str]:
    """Return what Discord is told."""
    return [page.content for page in plain_pages(text, allowed=known(()))]


def discord_html(nodes: Sequence[Node]) -> str:
    """Return what Discord's client shows."""
    return "".join(map(_discord_node, nodes))


def _discord_node(node: Node) -> str:
    inner = html.escape(node.text) + discord_html(node.inner)
    match node.kind:
        case "code_block":
            return f"<pre><code>{inner}</code></pre>"
        case "heading":
            return f"<h3>{inner}</h3>"
        case "link" | "url" | "autolink":
            return f'<a href="{html.escape(node.target or node.text)}">{inner}</a>'
        case "spoiler":
            return f'<span class="spoiler">{inner}</span>'
        case _:
            tag = TAGS.get(node.kind)
            return f"<{tag}>{inner}</{tag}>" if tag else inner


# ---------------------------------------------------------------- Slack


def slack_messages(text: str) -> Sequence[list[dict[str, Any]]]:
    """Return the blocks of each message that Slack is told."""
    pieces = split(
        to_slack(text, allowed=known(())), limit=PIECE_CHARACTERS, size=lambda each: len(escape_markdown(each))
    )
    return [markdown_blocks(escape_markdown(piece.shown)) for piece in pieces]


def slack_html(blocks: Sequence[dict[str, Any]]) -> str:
    """Return what Slack's clients show, as far as its reference tells."""
    return "".join(map(_slack_block, blocks))


def _slack_block(block: dict[str, Any]) -> str:
    if block["type"] == "markdown":
        return str(SLACK.render(unescaped(block["text"])))
    rows = "".join(f"<tr>{''.join(map(_slack_cell, row))}</tr>" for row in block["rows"])
    return f"<table>{rows}</table>"


def _slack_cell(cell: dict[str, Any]) -> str:
    return f"<td>{html.escape(_words(cell))}</td>"


def _words(element: Any) -> str:
    """Return the text of a cell, however deep it lies."""
    if isinstance(element, dict):
        return str(element.get("text", "")) if "text" in element else "".join(map(_words, element.get("elements", ())))
    return ""


# ---------------------------------------------------------------- pages


def page(title: str, shown: Sequence[tuple[Answer, Sequence[str]]]) -> str:
    """Return a page with each answer beside its messages."""
    sections = "".join(
        f"<section><h2>{html.escape(answer.name)}</h2><div class=wrote>{html.escape(answer.text)}</div>"
        f"<div>{''.join(f'<div class=message>{message}</div>' for message in messages)}</div></section>"
        for answer, messages in shown
    )
    head = f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"{head}<body class={title.lower()}><h1>{title}</h1>{sections}"


def main() -> None:
    """Write the pages and tell what stands in them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=".", type=Path)
    folder = parser.parse_args().folder
    told = list(answers())
    discord = [(answer, discord_messages(answer.text)) for answer in told]
    slack = [(answer, slack_messages(answer.text)) for answer in told]
    drawn = [(answer, [discord_html(read_markdown(content)) for content in contents]) for answer, contents in discord]
    (folder / "discord.html").write_text(page("Discord", drawn))
    (folder / "slack.html").write_text(page("Slack", [(answer, list(map(slack_html, each))) for answer, each in slack]))
    long = sum(len(content) > CONTENT for _, contents in discord for content in contents)
    wrong = [warning for _, each in slack for blocks in each if blocks for warning in check_message_blocks(blocks)]
    print(f"{len(told)} answers in {folder}/discord.html and {folder}/slack.html")
    print(f"Discord: {sum(len(each) for _, each in discord)} messages, {long} too long")
    print(f"Slack: {sum(len(each) for _, each in slack)} messages, {len(wrong)} warnings {wrong[:3]}")


if __name__ == "__main__":
    main()
