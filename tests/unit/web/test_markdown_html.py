"""Markdown becomes HTML that cannot run anything, whatever is written."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.web.playground.markdown_html import GrowingMarkdown, is_safe_url, render_markdown

INLINE_TAGS = {"br", "em", "strong", "s", "code", "a", "span", "button"}
BLOCK_TAGS = {"p", "pre", "ul", "ol", "li", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "div"}
TABLE_TAGS = {"table", "thead", "tbody", "tr", "th", "td"}
TAGS = INLINE_TAGS | BLOCK_TAGS | TABLE_TAGS
ATTRIBUTES = {
    "a": {"href", "title", "target", "rel", "class"},
    "code": {"class"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
    "div": {"class"},
    "span": {"class"},
    "pre": {"tabindex"},
    "button": {"type", "class", "aria-label"},
}
STYLES = {"text-align:left", "text-align:right", "text-align:center"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[the bank](https://evil.example/?d=1)", "the bank (https://evil.example/?d=1)"),
        ("[bank.example](https://evil.example)", "bank.example (https://evil.example)"),
        ("<https://evil.example>", "https://evil.example"),
        ("https://evil.example/a", "https://evil.example/a"),
        ("[today](/c/local/general)", "today"),
    ],
)
def test_a_label_is_shown_with_the_address_behind_it(text: str, shown: str) -> None:
    inspector = _Inspector()
    inspector.feed(render_markdown(text))
    assert inspector.text.strip() == shown


class _Inspector(HTMLParser):
    """Collects what the allow-list does not have."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.wrong: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()) or (name == "style" and value not in STYLES):
                self.wrong.append((tag, name, value))
            if name == "href" and urlsplit(value or "").scheme not in {"http", "https", "mailto"}:
                self.wrong.append((tag, name, value))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.wrong.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(("declaration", decl))

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(("declaration", data))


def _inspect(html: str) -> _Inspector:
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


FRAGMENTS = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "javascript:alert(1)",
        "[a](javascript:alert(1))",
        "![a](data:text/html;base64,AAAA)",
        '[a](https://x.example/"onmouseover="alert(1))',
        "<https://x.example/<b>>",
        "https://x.example/?a=<b>&c='d'\"e\"",
        "```",
        "~~~",
        "`",
        "|a|b|\n|-|:-:|\n",
        "> ",
        "- ",
        "1. ",
        "# ",
        "*",
        "_",
        "~~",
        "@seedling",
        "[",
        "](",
        ")",
        "![",
        "[x]: javascript:alert(1)\n",
        "&lt;script&gt;",
        "&#106;avascript:",
        "<!--",
        "-->",
        "<![CDATA[",
        "\n",
        "\n\n",
        "    ",
        "\x00",
        '"><svg onload=alert(1)>',
        "```html\n<b onclick=x>\n```\n",
        '```"><img src=x>\n',
    ]
)


@given(st.lists(FRAGMENTS | st.text(max_size=20), max_size=20).map("".join))
@example("[![x](javascript:alert(1))](https://example.org)")
@example("[a](JaVaScRiPt:alert(1)) <javascript:alert(1)> <JAVASCRIPT:alert(1)>")
@example("```<script>\n</code></pre><script>alert(1)</script>\n```")
def test_nothing_outside_the_allow_list_comes_out(text: str) -> None:
    assert not _inspect(render_markdown(text)).wrong


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=60))
def test_plain_words_come_out_as_they_went_in(text: str) -> None:
    assert _inspect(render_markdown(text)).text.strip() == text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param(
            "see https://example.org/a_b_c.",
            '<p>see <a href="https://example.org/a_b_c" target="_blank" rel="noopener noreferrer">'
            "https://example.org/a_b_c</a>.</p>\n",
            id="bare-address",
        ),
        pytest.param("[x](/local)", "<p>[x](/local)</p>\n", id="no-relative-links"),
        pytest.param("[x](ftp://a.example)", "<p>[x](ftp://a.example)</p>\n", id="no-other-schemes"),
        pytest.param(
            "![a <b>](https://example.org/i.png)",
            '<p><a class="image-link" href="https://example.org/i.png" target="_blank" rel="noopener noreferrer">'
            'a &lt;b&gt;</a><span class="link-address"> (https://example.org/i.png)</span></p>\n',
            id="an-image-is-a-link",
        ),
        pytest.param("<b>hi</b>", "<p>&lt;b&gt;hi&lt;/b&gt;</p>\n", id="html-is-text"),
        pytest.param("a\nb", "<p>a<br />\nb</p>\n", id="a-line-is-a-line"),
        pytest.param("so\n---", "<p>so</p>\n<hr />\n", id="dashes-are-a-rule"),
        pytest.param("~~x~~", "<p><s>x</s></p>\n", id="strikethrough"),
        pytest.param("@Seedling hi", '<p><span class="mention">@Seedling</span> hi</p>\n', id="mention"),
        pytest.param("a@seedling.example", "<p>a@seedling.example</p>\n", id="an-address-is-no-mention"),
        pytest.param("`@seedling`", "<p><code>@seedling</code></p>\n", id="code-is-no-mention"),
    ],
)
def test_markdown_becomes_html(text: str, html: str) -> None:
    assert render_markdown(text) == html


def test_an_image_inside_a_link_is_its_text() -> None:
    html = render_markdown("[![logo](https://example.org/i.png)](https://example.org)")
    assert html.count("<a ") == 1
    assert ">logo</a>" in html


def test_an_unfinished_code_block_is_code_already() -> None:
    html = render_markdown("```python\nprint(1")
    assert '<span class="tok-nb">print</span>' in html


def test_code_of_an_unknown_language_is_plain_and_named() -> None:
    html = render_markdown("```brainstorm\n<x>\n```")
    assert "<span>brainstorm</span>" in html
    assert "<code>&lt;x&gt;\n</code>" in html


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        pytest.param("https://example.org", True, id="https"),
        pytest.param("MAILTO:a@example.org", True, id="mailto"),
        pytest.param("javascript:alert(1)", False, id="javascript"),
        pytest.param(" java\tscript:alert(1)", False, id="javascript-with-a-tab"),
        pytest.param("data:text/html,x", False, id="data"),
        pytest.param("//example.org", False, id="no-scheme"),
        pytest.param("http://[", False, id="malformed"),
    ],
)
def test_only_web_and_mail_addresses_are_safe(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe


GROWN = """# Title

A paragraph with **bold
text** and a [link](https://example.org).

- one
- two

  still two

1. first

```python
print("a")

print("b")
```

| a | b |
|---|---|
| 1 | 2 |

> quoted

    indented

Last *words*."""


@pytest.mark.parametrize("step", [1, 7, 50])
def test_a_text_that_grows_reads_at_every_step_as_if_it_were_whole(step: int) -> None:
    growing = GrowingMarkdown()
    for length in range(0, len(GROWN) + step, step):
        assert growing.render(GROWN[:length]) == render_markdown(GROWN[:length])
    assert growing.render("Another one") == "<p>Another one</p>\n"


PIECES = [
    "# a\n",
    "- b\n",
    "\n",
    "c ",
    "  d\n",
    "```\n",
    "> e\n",
    "|f|g|\n",
    "|-|-|\n",
    "1. h\n",
    "\r\n",
    "\u2028",
    "\x0b",
]


@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_grows_to_what_it_is(pieces: list[str]) -> None:
    growing, text = GrowingMarkdown(), ""
    for piece in pieces:
        text += piece
        assert growing.render(text) == render_markdown(text)


def test_the_label_of_an_image_hides_no_address() -> None:
    shown = render_markdown("![https://bank.example](https://evil.example/i.png)")
    assert '<span class="link-address"> (https://evil.example/i.png)</span>' in shown


@pytest.mark.parametrize(
    "text", ["See https://a.example/x_(y).", "见 https://a.example/x_(y)。", "(https://a.example/x_(y))"]
)
def test_a_bare_address_ends_where_it_does_on_the_other_platforms(text: str) -> None:
    assert 'href="https://a.example/x_(y)"' in render_markdown(text)
