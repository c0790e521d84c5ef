"""What models write, as people read it on Discord and on Slack: the kept cases, and brothers of each kind."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from adapters.discord.replies.markdown import to_discord
from adapters.slack.replies.markdown import FallbackRenderer, to_slack
from adapters.slack.replies.rendering import PIECE_CHARACTERS, escape_markdown, fallback_text, markdown_blocks
from bot.delivery import split
from tests.data import data_folder
from tests.emulators.discord import markdown as discord
from tests.emulators.slack.blocks import check_message_blocks
from tests.unit.delivery.markdown import TEXTS, real_answers

KNOWN: Final = frozenset({"https://known.example/q?x=1&y=2", "https://known.example/a_(b)", "https://known.example"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Visible form of an answer: its words, and the kinds of marks that they stand in."""

    text: str
    kinds: frozenset[str]
    links: Mapping[str, str]


def on_discord(text: str) -> Shown:
    nodes = discord.read_markdown(to_discord(text, allowed=KNOWN.__contains__))
    found = list(discord.walk(nodes))
    links = {node.visible: node.target for node in found if node.kind == "link"}
    kinds = frozenset(node.kind for node in found) - {"text"}
    return Shown(text="".join(node.visible for node in nodes), kinds=kinds, links=links)


def on_slack(text: str) -> Shown:
    """Read a markdown block: CommonMark with tables, in which Slack decodes three entities and links addresses."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    sent = escape_markdown(to_slack(text, allowed=KNOWN.__contains__))
    assert "<" not in sent
    decoded = html.unescape(sent.replace("&", "&amp;").replace("&amp;lt;", "&lt;").replace("&amp;amp;", "&amp;"))
    kinds, links, words = set(), {}, []
    for token in parser.parse(decoded):
        kinds.add(_KINDS.get(token.type, ""))
        words += [token.content] if token.type in {"fence", "code_block"} else []
        words += ["\n"] if token.nesting < 0 else []
        if token.type == "ordered_list_open":
            words.append("1. ")
        open_link = ""
        for child in token.children or []:
            kinds.add(_KINDS.get(child.type, ""))
            words.append("\n" if child.type in {"softbreak", "hardbreak"} else child.content)
            if child.type == "link_open":
                open_link = str(child.attrs["href"])
            elif child.type == "text" and open_link:
                links[child.content] = open_link
                open_link = ""
    text = "".join(words).replace("\u2060", "").replace("\u200b", "")
    return Shown(text=text, kinds=frozenset(kinds) - {""}, links=links)


_KINDS: Final = {
    "fence": "code_block", "code_block": "code_block", "code_inline": "code", "heading_open": "heading", "hr": "rule",
    "blockquote_open": "quote", "strong_open": "bold", "em_open": "italic", "s_open": "strike", "link_open": "link",
    "table_open": "table", "image": "image",
}  # fmt: skip

BOTH = {"Discord": on_discord, "Slack": on_slack}


def case(name: str) -> str:
    path = data_folder() / "cases" / "answers.json"
    if not path.exists():
        pytest.skip(f"no {path.name}")
    return next(str(item["text"]) for item in json.loads(path.read_text(encoding="utf-8")) if item["id"] == name)


def texts(name: str, *brothers: str) -> Iterator[str]:
    """The kept case and its brothers."""
    yield case(name)
    yield from brothers


@pytest.fixture(params=BOTH)
def show(request: pytest.FixtureRequest) -> Any:
    return BOTH[request.param]


def test_code_is_code_however_it_is_fenced(show: Any) -> None:
    for text in texts(
        "tilde-fence", "~~~~\nx ~~~ y\n# comment\n~~~~", "- item\n  ~~~sh\n  # comment\n  ~~~\n- next", "    # comment"
    ):
        shown = show(text)
        assert "code_block" in shown.kinds
        assert not shown.kinds & {"strike", "heading"}
        assert "~~~" not in shown.text.replace("x ~~~ y", "")


def test_a_fence_within_a_fence_is_readable_and_ends_nothing(show: Any) -> None:
    for text in texts("four-backticks", "~~~\n```\nprint(1)\n```\n~~~\n\ngo on.", "    ```\n    print(1)\n\ngo on."):
        shown = show(text)
        assert "code_block" in shown.kinds
        assert "print(1)" in shown.text
        assert "go on." in shown.text
        assert "go on" not in "".join(code for code in _code(show, text))


def _code(show: Any, text: str) -> list[str]:
    if show is on_discord:
        nodes = discord.walk(discord.read_markdown(to_discord(text, allowed=KNOWN.__contains__)))
        return [node.text for node in nodes if node.kind == "code_block"]
    tokens = MarkdownIt().parse(to_slack(text, allowed=KNOWN.__contains__))
    return [token.content for token in tokens if token.type == "fence"]


def test_only_the_lines_of_a_prompt_are_set_apart(show: Any) -> None:
    for text in texts(
        "prompt-lines", "Try:\n>>> 1 + 1\n2\n\nAfter the prompt.", "- do\n\n  >>> x\n\nAfter the prompt."
    ):
        assert ">>> " in "".join(_code(show, text))
        assert "After the prompt." not in "".join(_code(show, text))
        assert "quote" not in show(text).kinds


def test_nothing_is_hidden_as_a_spoiler(show: Any) -> None:
    for text in texts("pipes-in-prose", "||a||", "**x || y** || z", "- if a || b\n- or c || d"):
        assert "spoiler" not in show(text).kinds
        assert show(text).text.count("||") == text.count("||")


def test_angle_forms_of_discord_are_no_code_and_call_nobody(show: Any) -> None:
    for text in texts("timestamps", "at <t:1700000000> or <t:1700000000:R>", "ask <@123456789012345678> in <#12>"):
        assert not show(text).kinds & {"code", "mention"}
    assert "14 November 2023" in on_slack(case("timestamps")).text
    assert "timestamp" in on_discord(case("timestamps")).kinds


def test_formulas_are_readable(show: Any) -> None:
    shown = show(case("latex")).text
    assert "∫₀^∞ e^(-x²)dx" in shown
    assert "a₁ * b₂" in shown
    assert "E=mc²" in shown
    matrix = "\\[\n\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}\n\\]"
    assert "\\begin{pmatrix} a & b \\\\ c & d" in "".join(_code(show, matrix))
    rows = "\\begin{align*}\na &= b_1 * c_1 \\\\\nd &= *e*\n\\end{align*}"
    assert [block.strip() for block in _code(show, f"So:\n\n{rows}\n\nDone.")] == [rows]
    assert show("$f'(x)$, $P(A|B)$, $|x|$, $\\{1,2\\}$ of $n!$").text.strip() == "f'(x), P(A|B), |x|, {1,2} of n!"
    assert "1/2 and √(x²+1)" in show("$\\frac{1}{2}$ and \\(\\sqrt{x^2+1}\\)").text
    assert show("It costs $5 or US$10_000, not $3*4.").text.strip() == "It costs $5 or US$10_000, not $3*4."


def test_stars_and_underscores_of_code_are_as_typed(show: Any) -> None:
    brothers = ("5 * 3 * 2 and a*b*c", "snake_case_name, foo_bar_ and _private", "glob *.py and **/*.md", "x~~y a ~ b")
    for text in texts("stars-and-underscores", *brothers):
        assert show(text).text.strip() == text
        assert not show(text).kinds


def test_a_sentence_may_end_behind_an_emphasised_word(show: Any) -> None:
    for text in ("It is *so*.", "*Two words*. Then", "Es heißt: *so*.\nNext", "As *this*... and *that*.)"):
        shown = show(text)
        assert shown.text.strip() == text.replace("*", "")
        assert "italic" in shown.kinds
    for text in ("*a*.py and src/*.ts", "all but *. and *.md"):
        assert show(text).text.strip() == text


def test_an_address_is_a_link_without_brackets(show: Any) -> None:
    for text in texts("autolink-known", "https://known.example/q?x=1&y=2", "(https://known.example/q?x=1&y=2)."):
        shown = show(text)
        assert shown.text.strip(" ().\n") == "https://known.example/q?x=1&y=2"
        assert "amp;" not in shown.text
        assert all(label == target for label, target in shown.links.items())
    assert "https://known.example/q?x=1&y=2" in on_discord(case("autolink-known")).links


def test_html_is_what_it_means(show: Any) -> None:
    shown = show(case("line-breaks-html")).text
    assert "one\ntwo; H2O;" in shown
    assert "More\nhidden" in shown
    assert "<" not in shown
    assert show("a <b>bold</b> 10<sup>6</sup> &lt;tag&gt; &amp; &nbsp;x").text.strip() == "a bold 10⁶ <tag> & \xa0x"
    known = "https://known.example"
    assert show(f'<a class="x" href="{known}">the <b>doc</b></a>').links["the doc"].rstrip("/") == known
    hidden = show('<a href="https://evil.example">known.example</a> <img alt="Plan" src="https://evil.example/p.png">')
    assert hidden.text.strip() == "known.example (https://evil.example) Plan (https://evil.example/p.png)"
    assert show('[x <a href="https://evil.example">y](https://known.example) z').text.strip() == "x y z"
    assert show('<a name="top">here</a> <a href="javascript:x()">now</a>').text.strip() == "here now"
    assert show("Vec<T> and <your name>, a < b").text.strip() == "Vec<T> and <your name>, a < b"
    assert show("<ul><li>one</li><li>two</li></ul><!-- gone -->").text.strip() == "• one\n• two"


def test_tables_are_readable_where_ever_they_stand(show: Any) -> None:
    assert "a      b\n-  -----\nx  1,084" in "".join(_code(show, case("table-in-list"))).replace("\n   ", "\n").strip()
    quoted = show("> | a | b |\n> |---|---|\n> | x | 1 |")
    assert "a  b" in quoted.text
    wide = show("- see\n\n  | name | what |\n  |---|---|\n  | a | " + "long " * 20 + "|\n  | b | |")
    assert "name: a\nwhat: long long" in re.sub(" +what", "what", wide.text)
    linked = show("- x\n\n  | page |\n  |---|\n  | [it](https://known.example) |")
    assert linked.links["it"].rstrip("/") == "https://known.example"


def test_headings_rules_boxes_and_footnotes_are_readable(show: Any) -> None:
    shown = show(case("rules-and-tasks"))
    assert "heading" in shown.kinds
    assert "─────" in shown.text or "rule" in shown.kinds
    assert "☐ open" in shown.text
    assert "☑ done" in shown.text
    assert "claim¹" in shown.text
    assert "¹ source" in shown.text
    assert "Deep\nText" in show("##### Deep\nText").text.replace("\n\n", "\n")
    assert "#" not in show("#### Deep `**x`").text
    assert "sentence." in show("A sentence.\n---\nAnother.").text
    assert "heading" not in show("A sentence.\n---\nAnother.").kinds


def test_brackets_without_end_are_shown(show: Any) -> None:
    for text in texts("nested-brackets", "[" * 200, "![" * 9 + "a" + "](" * 9):
        assert show(text).text.strip().count("[") == text.count("[")


def test_bold_beside_a_script_without_spaces(show: Any) -> None:
    for text in texts("bold-beside-cjk", "这是**「重要」**的。", "**Note:**text", "한국어**강조(중요)**입니다"):
        shown = show(text)
        assert "bold" in shown.kinds
        assert "*" not in shown.text
        assert shown.text.strip() == text.replace("**", "")


def test_no_label_hides_where_it_leads_to(show: Any) -> None:
    for text in (
        "[bank.example](https://known.example)",
        "[https://bank.example/login](https://known.example)",
        "[the bank](https://evil.example/?d=1)",
        "![chart](https://evil.example/?d=1)",
        "[\uff42\uff41\uff4e\uff4b.example](https://known.example)",
        "<a href='https://evil.example/?d=1'>bank</a>",
    ):
        for label, target in show(text).links.items():
            assert label.rstrip("/") == target.rstrip("/")
        assert "image" not in show(text).kinds
    assert show("[the bank](https://evil.example/?d=1)").text.strip() == "the bank (https://evil.example/?d=1)"
    assert show("[docs](https://known.example/a_(b))").links["docs"].replace("%28", "(").replace("%29", ")") == (
        "https://known.example/a_(b)"
    )


@pytest.mark.parametrize(
    "label",
    [
        "**bank.example**", "`bank.example`", "Visit bank.example now", "www.bank.example", "a@bank.example",
        "xn--bnk-rma.example", "b\u200bank.example", "bank\u2024example", "bank\u3002example", "bank.\u0435xample",
        "\u202eelpmaxe.knab", "https:\u2044\u2044bank.example", "https://known.example@bank.example", "192.168.0.1",
        "localhost", "known.example.", "known.example:8080", "![bank.example](https://known.example/i.png)",
    ],
)  # fmt: skip
def test_a_label_that_could_be_another_address_is_code_beside_the_real_one(show: Any, label: str) -> None:
    shown = show(f"[{label}](https://known.example)")
    assert set(shown.links) == {"https://known.example"}
    assert "code" in shown.kinds


def test_other_labels_are_labels(show: Any) -> None:
    for label in ("version 1.2.3", "v2.0", "the docs", "KNOWN.EXAMPLE", "![logo](https://known.example/i.png)"):
        assert "(" not in show(f"[{label}](https://known.example)").text, label
    assert show("[](https://known.example)").text.strip() == "https://known.example"


def test_an_address_in_full_is_a_link_that_needs_no_angle_brackets() -> None:
    sent = escape_markdown(to_slack("See https://evil.example/a_(b).", allowed=KNOWN.__contains__))
    assert sent == r"See [https://evil.example/a\_(b)](https://evil.example/a_%28b%29)."


def test_cells_of_html_stand_apart(show: Any) -> None:
    text = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    assert show(text).text.strip() == "a | b\n1 | 2"
    assert show("<h4>Title</h4>text<blockquote>said</blockquote>end").text.strip() == "Title\ntext\nsaid\nend"


def test_slack_makes_no_links_of_names_with_dots() -> None:
    for text in ("see README.md and main.py", "on example.com", "call os.path.join"):
        assert "\u2060." in to_slack(text, allowed=KNOWN.__contains__)
        assert on_slack(text).text.strip() == text
    assert "\u2060" not in to_slack("Version 3.14. Done. https://a.example/b.py `x.py`", allowed=KNOWN.__contains__)


def test_slack_gets_its_own_block_for_the_first_table_within_its_limits() -> None:
    table = "| name | n |\n|---|---|\n| **a** | 1 |\n| [it](https://known.example) |  |"
    text = f"before\n\n{table}\n\nbetween\n\n| x | y |\n|---|---|\n| 1 | 2 |"
    blocks = markdown_blocks(escape_markdown(to_slack(text, allowed=KNOWN.__contains__)))
    assert [block["type"] for block in blocks] == ["markdown", "table", "markdown"]
    assert check_message_blocks(blocks) == []
    assert blocks[1]["column_settings"][1]["align"] == "right"
    assert "```" in blocks[2]["text"]
    for wide in ("|" + "a|" * 21 + "\n|" + "-|" * 21, "|a|\n|-|\n" + "|1|\n" * 100, f"|a|\n|-|\n|{'x ' * 5_100}|"):
        blocks = markdown_blocks(escape_markdown(to_slack(wide, allowed=KNOWN.__contains__))[:PIECE_CHARACTERS])
        assert {block["type"] for block in blocks} == {"markdown"}


def test_notifications_are_plain() -> None:
    text = "# Title\n\n**bold** `x < y` [it](https://known.example) <t:0>\n\n- [x] done\n\n```py\ncode\n```"
    assert FallbackRenderer().render(text) == (
        "Title\n\nbold x < y it (https://known.example) 1 January 1970, 00:00 UTC\n\n- ☑ done\n\ncode"
    )
    assert fallback_text(escape_markdown("**a** < b & c")) == "a &lt; b &amp; c"


@pytest.mark.slow
def test_slack_takes_the_blocks_of_every_answer() -> None:
    cases = json.loads((data_folder() / "cases" / "answers.json").read_text(encoding="utf-8"))
    answers = [*(case["text"] for case in cases), *real_answers()]
    assert len(answers) >= 73
    for text in answers:
        assert _refused_by_slack(text) == [], text


@pytest.mark.slow
@settings(deadline=None)
@given(text=TEXTS)
def test_slack_takes_the_blocks_of_any_text(text: str) -> None:
    assert _refused_by_slack(text) == []


def _refused_by_slack(text: str) -> list[str]:
    """What Slack's block schema says against the messages of an answer."""
    pieces = split(to_slack(text, allowed=KNOWN.__contains__), limit=PIECE_CHARACTERS, size=_escaped_size)
    messages = [markdown_blocks(escape_markdown(piece.shown)) for piece in pieces if piece.shown.strip()]
    return [problem for blocks in messages for problem in check_message_blocks(blocks)]


def _escaped_size(text: str) -> int:
    return len(escape_markdown(text))
