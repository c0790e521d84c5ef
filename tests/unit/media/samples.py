"""Small files of many kinds, made here; Office files are written by other people's libraries."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import docx
import openpyxl
import pillow_heif
import pptx
from PIL import Image, ImageDraw
from pptx.util import Inches
from pypdf import PdfReader, PdfWriter

# ---------------------------------------------------------------- pictures


def drawing(width: int = 300, height: int = 200, mode: str = "RGB") -> Image.Image:
    """A picture whose four corners differ: red, green, blue, white (black and greys where there is no colour)."""
    image = Image.new("RGB", (width, height), "black")
    draw = ImageDraw.Draw(image)
    half = (width // 2, height // 2)
    draw.rectangle((0, 0, *half), "red")
    draw.rectangle((half[0], 0, width, half[1]), "lime")
    draw.rectangle((0, half[1], half[0], height), "blue")
    draw.rectangle((*half, width, height), "white")
    return image.convert(mode)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def heic(image: Image.Image) -> bytes:
    """The picture as a phone would write it."""
    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90)
    return file.getvalue()


def noise(width: int, height: int) -> Image.Image:
    """A picture that no format makes small."""
    return Image.effect_noise((width, height), 80).convert("RGB")


# ---------------------------------------------------------------- videos


def box(name: bytes, body: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", 8 + len(body), name) + body


def mp4(
    seconds: float = 5,
    width: int = 1_280,
    height: int = 720,
    *,
    version: int = 0,
    brand: bytes = b"isom",
    tail: int = 64,
) -> bytes:
    """An MP4 file with one video track, and `tail` bytes of media that nobody decodes."""
    numbers = ">B3xQQIQ" if version else ">B3xIIII"
    movie = struct.pack(numbers, version, 0, 0, 1_000, round(seconds * 1_000)) + bytes(80)
    track = bytes([version]) + bytes(87 if version else 75) + struct.pack(">II", width << 16, height << 16)
    start = box(b"ftyp", brand + bytes(4) + brand)
    return start + box(b"moov", box(b"mvhd", movie) + box(b"trak", box(b"tkhd", track))) + box(b"mdat", bytes(tail))


def avi(seconds: float = 5, width: int = 640, height: int = 480) -> bytes:
    """The main header of an AVI file at 25 frames per second."""
    header = struct.pack("<14I", 40_000, 0, 0, 0, round(seconds * 25), 0, 1, 0, width, height, 0, 0, 0, 0)
    return b"RIFF" + bytes(4) + b"AVI LIST" + bytes(4) + b"hdrlavih" + struct.pack("<I", len(header)) + header


# ---------------------------------------------------------------- documents


def pdf(*pages: str, beside: str = "", mode: int = 0) -> bytes:
    """A PDF with a line of text on each page, written object by object (PDF 1.7, 7.5).

    `beside` is what else is drawn on each page, `mode` how the text is (3 is not at all).
    """
    numbers = range(4, 4 + 2 * len(pages), 2)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{item} 0 R' for item in numbers)}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in zip(numbers, pages, strict=True):
        content = f"q {beside} Q BT {mode} Tr /F1 12 Tf 72 700 Td ({text}) Tj ET".encode("latin-1")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number + 1} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(file)


def scan(*pages: Image.Image) -> bytes:
    """A PDF whose pages are pictures."""
    return saved(pages[0], "PDF", save_all=True, append_images=list(pages[1:]))


def locked_pdf(password: str, owner: str = "owner") -> bytes:
    """A PDF that opens with a password only ("" for one that anybody opens and only the owner changes)."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("Nobody reads this but those who know."))))
    writer.encrypt(password, owner, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def _written(save: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


def word_document() -> bytes:
    """A docx with a heading, paragraphs, a table and a link."""
    document = docx.Document()
    document.add_heading("Minutes", 1)
    document.add_paragraph("We met on Monday.")
    table = document.add_table(rows=2, cols=2)
    for (row, column), text in {(0, 0): "who", (0, 1): "what", (1, 0): "Ada", (1, 1): "the | engine"}.items():
        table.cell(row, column).text = text
    document.add_paragraph("After the table.")
    return _written(document.save)


def spreadsheet(rows: Sequence[Sequence[object]] = ()) -> bytes:
    """An xlsx with numbers, texts, dates, a gap and a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Costs"
    for row in rows or [
        ["item", "price"],
        ["rope, long", 0.1],
        [date(2026, 1, 5), True],
        [None, "after a gap", -7],
    ]:
        sheet.append(list(row))
    book.create_sheet("Empty")
    return _written(book.save)


def slides() -> bytes:
    """A pptx of two slides, one with notes, one with a table."""
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Plan"
    first.placeholders[1].text = "Buy rope\nBuy nails"
    first.notes_slide.notes_text_frame.text = "Say it slowly."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    table = second.shapes.add_table(1, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    return _written(deck.save)


def spoken(seconds: int = 2) -> bytes:
    """A WAV file of silence, 16 kB a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(bytes(16_000 * seconds))
    return file.getvalue()
