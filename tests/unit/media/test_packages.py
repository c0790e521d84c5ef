"""Documents, slides and sheets made part by part, each with what other programs write in it."""

from __future__ import annotations

import pytest

from tests.unit.media import samples
from tests.unit.media.reading import lines_of, packed, read

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMES = (
    'xmlns:w="w" xmlns:r="r" xmlns:a="a" xmlns:p="p" xmlns:c="c" xmlns:m="m" xmlns:mc="mc" xmlns:w14="w14" xmlns:s="s"'
)
MAIN = {
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "ppt": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    "xl": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}


def relations(**targets: str) -> str:
    """The relations of a part: by id the kind and the target, an address outside with a "!" in front."""
    rows = []
    for id, told in targets.items():
        kind, target = told.split(" ", 1)
        outside = ' TargetMode="External"' if target.startswith("!") else ""
        rows.append(f'<R Id="{id}" Type="{OFFICE}/{kind}" Target="{target.lstrip("!")}"{outside}/>')
    return f"<R>{''.join(rows)}</R>"


def package(folder: str, main: str, parts: dict[str, str | bytes], **targets: str) -> bytes:
    """A package whose main part is `main`; `parts` lie in its folder, and `targets` are what it points to."""
    types = f'<T><O PartName="/{folder}/main.xml" ContentType="{MAIN[folder]}"/></T>'
    return packed({
        "[Content_Types].xml": types,
        "_rels/.rels": relations(x=f"officeDocument /{folder}/main.xml"),
        f"{folder}/main.xml": main,
        f"{folder}/_rels/main.xml.rels": relations(**targets),
        **{f"{folder}/{name}": data for name, data in parts.items()},
    })  # fmt: skip


def docx(body: str, parts: dict[str, str | bytes] | None = None, **targets: str) -> bytes:
    return package("word", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>", parts or {}, **targets)


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


NUMBERING = f"""<w:numbering {NAMES}><w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="8"><w:abstractNumId w:val="0"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>"""
STYLES = f"""<w:styles {NAMES}><w:style w:styleId="berschrift2"><w:name w:val="Überschrift 2"/><w:pPr>
<w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:styleId="Eigene"><w:basedOn w:val="berschrift2"/></w:style></w:styles>"""


def numbered(text: str, number: int, depth: int = 0) -> str:
    return paragraph(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


def test_list_numbers_are_counted_as_they_are_shown() -> None:
    body = "".join(
        (numbered("a", 7), numbered("b", 7, 1), numbered("c", 7, 1), numbered("d", 7), numbered("e", 7, 1),
         numbered("f", 8), numbered("g", 8))
    )  # fmt: skip
    found = lines_of(docx(body, {"numbers.xml": NUMBERING}, n="numbering numbers.xml"))
    assert found == ["3. a", "  3.a) b", "  3.b) c", "4. d", "  4.a) e", "1. f", "2. g"]


def test_headings_are_known_by_their_level_in_any_language() -> None:
    body = paragraph("Plan", '<w:pStyle w:val="berschrift2"/>') + paragraph("Mehr", '<w:pStyle w:val="Eigene"/>')
    assert lines_of(docx(body, {"styles.xml": STYLES}, s="styles styles.xml")) == ["## Plan", "## Mehr"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            '<w:p><w:hyperlink r:id="l"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>', "here (https://e.org)",
            id="link",
        ),
        pytest.param(
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "https://e.org/f"</w:instrText>'
            '<w:fldChar w:fldCharType="separate"/><w:t>there</w:t><w:fldChar w:fldCharType="end"/></w:r></w:p>',
            "there (https://e.org/f)", id="link-by-a-field",
        ),
        pytest.param(
            '<w:p><w:r><w:t>x</w:t><w:footnoteReference w:id="2"/></w:r></w:p>', ["x[^1]", "[^1]: why"], id="footnote"
        ),
        pytest.param(
            "<w:p><mc:AlternateContent><mc:Choice><w:r><w:t>once</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>once"
            "</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>", "once", id="alternatives",
        ),
        pytest.param(
            "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>once</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r>"
            "<w:t>once</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>", "once", id="alternatives-of-paragraphs",
        ),
        pytest.param(
            "<w:p><mc:AlternateContent><mc:Choice/><mc:Fallback><w:r><w:t>only here</w:t></w:r></mc:Fallback>"
            "</mc:AlternateContent></w:p>", "only here", id="alternative-that-says-something",
        ),
        pytest.param(
            '<w:p><w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r>'
            "<w:t>☒</w:t></w:r></w:sdtContent></w:sdt><w:r><w:t> agreed</w:t></w:r></w:p>", "[x] agreed", id="box",
        ),
        pytest.param(
            '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0A8"/><w:t> open</w:t></w:r></w:p>', "[ ] open", id="symbol"
        ),
        pytest.param(
            "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:t>seen</w:t></w:r></w:p>", "seen",
            id="hidden",
        ),
        pytest.param(
            "<w:tbl><w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>"
            "<w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>d</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
            "|  | wide |  | d |", id="merged",
        ),
        pytest.param(
            "<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"
            "</m:oMath></w:p>", "(a)/(b)", id="formula",
        ),
        pytest.param(
            '<w:p><w:r><w:drawing><c:chart r:id="c"/></w:drawing></w:r></w:p>',
            ["[chart: Sales]", "|  | A |", "| Q1 | 5% |"], id="chart",
        ),
    ],
)  # fmt: skip
def test_a_document_is_read_as_it_is_shown(body: str, said: str | list[str]) -> None:
    notes = f'<w:n {NAMES}><w:footnote w:id="2"><w:p><w:r><w:t>why</w:t></w:r></w:p></w:footnote></w:n>'
    chart = (
        f"<c:chartSpace {NAMES}><c:chart><c:title><a:t>Sales</a:t></c:title><c:ser><c:tx><c:v>A</c:v></c:tx>"
        '<c:cat><c:strCache><c:pt idx="0"><c:v>Q1</c:v></c:pt></c:strCache></c:cat><c:val><c:numCache>'
        '<c:formatCode>0%</c:formatCode><c:pt idx="0"><c:v>0.05</c:v></c:pt></c:numCache></c:val></c:ser></c:chart>'
        "</c:chartSpace>"
    )
    data = docx(
        body, {"notes.xml": notes, "chart.xml": chart},
        l="hyperlink !https://e.org", f="footnotes notes.xml", c="chart chart.xml",
    )  # fmt: skip
    assert lines_of(data) == ([said] if isinstance(said, str) else said)


def test_slides_say_what_is_shown_and_what_is_hidden() -> None:
    shape = "<p:sp><p:nvPr>{}</p:nvPr><p:txBody>{}</p:txBody></p:sp>"
    link = '<a:p><a:r><a:rPr><a:hlinkClick r:id="l"/></a:rPr><a:t>site</a:t></a:r></a:p>'
    table = (
        '<p:graphicFrame><a:tbl><a:tr><a:tc gridSpan="2"><a:p><a:r><a:t>wide</a:t></a:r></a:p></a:tc><a:tc hMerge="1"/>'
        "<a:tc><a:p><a:r><a:t>c</a:t></a:r></a:p></a:tc></a:tr></a:tbl></p:graphicFrame>"
    )
    number = shape.format('<p:ph type="sldNum"/>', "<a:p><a:fld><a:t>9</a:t></a:fld></a:p>")
    words = shape.format("", f"<a:p><a:r><a:t>42</a:t></a:r></a:p>{link}")
    slide = f'<p:sld {NAMES} show="0">{words}{number}{table}</p:sld>'
    comments = f"<p:cmLst {NAMES}><p:cm><p:text>too long</p:text></p:cm></p:cmLst>"
    main = f'<p:presentation {NAMES}><p:sldIdLst><p:sldId id="1" r:id="s"/></p:sldIdLst></p:presentation>'
    beside = relations(l="hyperlink !https://e.org", c="comments c.xml")
    parts: dict[str, str | bytes] = {"one.xml": slide, "c.xml": comments, "_rels/one.xml.rels": beside}
    assert lines_of(package("ppt", main, parts, s="slide one.xml")) == [
        "## Slide 1 (hidden)", "42", "site (https://e.org)", "| wide |  | c |", "[comment: too long]",
    ]  # fmt: skip


def test_a_sheet_says_what_stands_beside_its_cells() -> None:
    sheet = (
        f'<s:worksheet {NAMES}><s:cols><s:col min="2" max="3" hidden="1"/></s:cols><s:sheetData><s:row r="2">'
        '<s:c r="A2"><s:f>HYPERLINK("https://e.org/x","x")</s:f><s:v>7</s:v></s:c>'
        '<s:c r="B2" t="str"><s:f>""</s:f><s:v></s:v></s:c><s:c r="C2"><s:f t="shared" si="0"/></s:c>'
        "</s:row></s:sheetData></s:worksheet>"
    )
    thread = f'<s:T {NAMES}><s:threadedComment ref="A2"><s:text>really?</s:text></s:threadedComment></s:T>'
    old = (
        f'<s:comments {NAMES}><s:authors><s:author>tc=1</s:author></s:authors><s:commentList><s:comment ref="A2" '
        'authorId="0"><s:text><s:t>[Threaded comment] Your version</s:t></s:text></s:comment></s:commentList>'
        "</s:comments>"
    )
    main = f'<s:workbook {NAMES}><s:sheets><s:sheet name="S" r:id="s"/></s:sheets></s:workbook>'
    parts: dict[str, str | bytes] = {
        "one.xml": sheet, "t.xml": thread, "o.xml": old,
        "_rels/one.xml.rels": relations(t="threadedComment t.xml", o="comments o.xml"),
    }  # fmt: skip
    data = package("xl", main, parts, s="worksheet one.xml")
    assert lines_of(data) == [
        "## Sheet S", "(hidden columns B to C)", "7,,=(as above)", "Comments:", "A2: really?", "Links:",
        "A2: https://e.org/x",
    ]  # fmt: skip
    assert "never calculated" in read(data).note


def test_a_picture_of_a_document_is_sent_once_and_decoration_is_not() -> None:
    picture, dot = samples.saved(samples.drawing(), "PNG"), samples.saved(samples.drawing(9, 9), "PNG")
    drawing = '<w:p><w:r><w:drawing><a:blip r:embed="{}"/></w:drawing></w:r></w:p>'
    body = drawing.format("p") + drawing.format("d") + drawing.format("p")
    found = read(docx(body, {"p.png": picture, "d.png": dot}, p="image p.png", d="image d.png"))
    assert (found.text, len(found.media)) == ("[picture 1]\n[picture 1]", 1)


def test_what_is_drawn_on_a_sheet_is_told() -> None:
    drawing = (
        f'<s:d {NAMES}><s:pic><a:blip r:embed="p"/></s:pic><s:sp><s:txBody><a:p><a:r><a:t>mind the gap</a:t></a:r>'
        "</a:p></s:txBody></s:sp></s:d>"
    )
    main = f'<s:workbook {NAMES}><s:sheets><s:sheet name="S" r:id="s"/></s:sheets></s:workbook>'
    parts: dict[str, str | bytes] = {
        "one.xml": f"<s:worksheet {NAMES}/>", "_rels/one.xml.rels": relations(d="drawing d.xml"), "d.xml": drawing,
        "_rels/d.xml.rels": relations(p="image p.png"), "p.png": samples.saved(samples.drawing(), "PNG"),
    }  # fmt: skip
    assert lines_of(package("xl", main, parts, s="worksheet one.xml")) == ["## Sheet S", "[picture 1]", "mind the gap"]


def test_a_page_that_a_program_put_into_a_document_is_read() -> None:
    page = "<html><body><p>From the web</p></body></html>"
    assert lines_of(docx('<w:altChunk r:id="c"/>', {"c.html": page}, c="aFChunk c.html")) == ["From the web"]
