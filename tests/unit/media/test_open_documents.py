"""OpenDocument texts, sheets and slides are read as they are shown."""

from __future__ import annotations

from tests.unit.media import samples
from tests.unit.media.reading import lines_of, packed, read, reason

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for prefix, kind in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style",
        "presentation": "presentation", "svg": "svg-compatible",
    }.items()
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def open_document(kind: str, body: str, styles: str = "", **parts: bytes) -> bytes:
    """An OpenDocument file with this in its body."""
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return packed({"mimetype": media_type, "content.xml": content, **{f"Pictures/{n}": d for n, d in parts.items()}})


def test_a_text_has_its_headings_lists_notes_links_and_changes() -> None:
    styles = (
        '<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="a" '
        'style:num-suffix=")"/></text:list-style>'
    )
    body = (
        '<text:tracked-changes><text:changed-region><text:deletion><text:p>nails</text:p></text:deletion>'
        "</text:changed-region></text:tracked-changes>"
        '<text:h text:outline-level="2">Plan</text:h>'
        '<text:p>We <text:span>buy</text:span><text:s text:c="2"/>rope<text:note><text:note-citation>1'
        "</text:note-citation><text:note-body><text:p>the long one</text:p></text:note-body></text:note>.</text:p>"
        '<text:list text:style-name="N"><text:list-item><text:p>one</text:p></text:list-item>'
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
        '<text:p><text:a xlink:href="https://example.org">there</text:a><office:annotation><dc:creator>Eve</dc:creator>'
        "<text:p>sure?</text:p></office:annotation></text:p>"
        '<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>wide</text:p>'
        "</table:table-cell><table:covered-table-cell/><table:table-cell><text:p>c</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )  # fmt: skip
    assert lines_of(open_document("text", body, styles)) == [
        "## Plan",
        "We buy  rope[^1].",
        "a) one",
        "b) two",
        "there (https://example.org) [comment by Eve: sure?]",
        "| wide |  | c |",
        "[^1]: the long one",
    ]


def test_a_sheet_shows_what_its_cells_show() -> None:
    styles = '<style:style style:name="H"><style:table-properties table:display="false"/></style:style>'
    body = (
        '<table:table table:name="Costs"><table:table-row>'
        '<table:table-cell office:value="0.125"><text:p>12,5 %</text:p><office:annotation><text:p>guessed</text:p>'
        '</office:annotation></table:table-cell><table:table-cell table:number-columns-repeated="16000"/>'
        "<table:table-cell><text:p>far</text:p></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
        '<table:table-row table:visibility="collapse"><table:table-cell><text:p>x</text:p></table:table-cell>'
        '</table:table-row></table:table><table:table table:name="Off" table:style-name="H"/>'
    )
    assert lines_of(open_document("spreadsheet", body, styles)) == [
        "## Sheet Costs",
        '"12,5 %",,[WQL1] far',
        "(hidden row) x",
        "Comments and drawings:",
        "A1: guessed",
        "## Sheet Off (hidden)",
    ]


def test_raised_words_are_powers() -> None:
    styles = "".join(
        f'<style:style style:name="{name}"><style:text-properties style:text-position="{place}"/></style:style>'
        for name, place in {"U": "super 58%", "D": "-33% 58%", "N": "0% 100%"}.items()
    )
    spans = "".join(
        f'{word}<text:span text:style-name="{style}">{small}</text:span>'
        for word, style, small in [("10", "U", "6"), (" H", "D", "2"), ("O 1", "N", "2")]
    )
    assert lines_of(open_document("text", f"<text:p>{spans}</text:p>", styles)) == ["10⁶ H₂O 12"]


def test_cells_without_words_show_their_values() -> None:
    cells = (
        '<table:table-cell office:value-type="float" office:value="5.0"/>'
        '<table:table-cell office:value-type="date" office:date-value="2024-05-03T10:00:00"/>'
        '<table:table-cell office:value-type="percentage" office:value="0.125"/>'
        '<table:table-cell office:value-type="currency" office:currency="EUR" office:value="7.5"/>'
        '<table:table-cell office:value-type="string" office:string-value="word"/>'
        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>'
        '<table:table-cell office:value-type="time" office:time-value="PT36H05M00S"/>'
        '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>'
        '<table:table-cell table:formula="of:=SUM([.A1:.A2])"/>'
    )
    found = read(
        open_document(
            "spreadsheet", f'<table:table table:name="A"><table:table-row>{cells}</table:table-row></table:table>'
        )
    )
    assert found.text.splitlines()[1] == "5,2024-05-03 10:00:00,12.5 %,7.5 EUR,word,TRUE,36:05:00,2,=SUM([.A1:.A2])"
    assert found.note == "1 formulas of it were never calculated and stand as formulas"


def test_slides_have_their_notes_tables_and_pictures() -> None:
    styles = (
        '<style:style style:name="H"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )
    body = (
        "<draw:page><draw:frame><draw:text-box><text:p>Plan</text:p></draw:text-box></draw:frame>"
        '<draw:frame><draw:image xlink:href="Pictures/a.png"/></draw:frame>'
        "<presentation:notes><draw:frame><draw:text-box><text:p>slowly</text:p></draw:text-box></draw:frame>"
        '</presentation:notes></draw:page><draw:page draw:style-name="H"/>'
    )
    picture = samples.saved(samples.drawing(), "PNG")
    found = read(open_document("presentation", body, styles, **{"a.png": picture}))
    assert [line for line in found.text.splitlines() if line] == [
        "## Slide 1", "Plan", "[picture 1]", "Notes:", "slowly", "## Slide 2 (hidden)",
    ]  # fmt: skip
    assert [media.name for media in found.media] == ["a, picture 1"]


def test_a_document_with_a_password_says_so() -> None:
    parts = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "\0\1"}
    assert reason(packed(parts | {"META-INF/manifest.xml": "<m:encryption-data/>"})) == "is protected by a password"
