"""Find the encoding of a text: Unicode where its bytes are that, then what it declares, then what its bytes suggest.

charset-normalizer tells the family (one byte a character, or one of East Asia). Inside a family it often takes one code
page for another in short texts such as tables of names. What decides there is one question: in which of them does the
text consist of the letters of one language?
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from bot.types.said import Said

_MARKS: Final = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED_WITHIN: Final = 4_096
_DECLARATIONS: Final = (
    re.compile(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([-\w.:]+)""", re.IGNORECASE),
    re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([-\w.:]+)""", re.IGNORECASE),  # charset and http-equiv
    re.compile(rb"""^@charset\s+"([-\w.:]+)";"""),  # CSS
    re.compile(rb"^(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)"),  # source code (PEP 263)
)
_LABELS: Final[Mapping[str, str]] = {  # what labels mean in practice (WHATWG Encoding, section 4.2)
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "big5": "big5hkscs",
    "utf-16": "utf-8", "utf-16-le": "utf-8", "utf-16-be": "utf-8",  # it could not have been read in ASCII
}  # fmt: skip
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_ALIASES: Final[Mapping[str, str]] = {  # labels that Python has no name for (WHATWG Encoding, section 4.2)
    "csiso88598i": "iso8859-8", "csiso88598e": "iso8859-8", "logical": "iso8859-8", "visual": "iso8859-8",
    "koi": "koi8-r", "koi8": "koi8-r", "koi8-ru": "koi8-u", "x-mac-roman": "mac_roman", "mac": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic", "x-mac-ukrainian": "mac_cyrillic", "ansi": "cp1252", "ansi_x3.4": "cp1252",
    "sun_eu_greek": "iso8859-7", "unicode-1-1-utf-8": "utf-8", "unicode11utf8": "utf-8", "unicode20utf8": "utf-8",
    "x-unicode20utf8": "utf-8", "utf8mb4": "utf-8", "iso-10646-ucs-2": "utf-16-le", "ucs-2": "utf-16-le",
    "windows-31j": "cp932", "unicode": "utf-16-le", "csunicode": "utf-16-le", "unicodefffe": "utf-16-be",
}  # fmt: skip
_ISO_8859: Final = re.compile(r"(?:cs)?iso[-_ ]?8859[-_ ]?(\d{1,2})(?:[-_][ie])?")
_CODE_PAGE: Final = re.compile(r"(?:dos|ibm|cp|win|windows|ms)[-_ ]?(\d{3,4})")
_ESCAPES: Final = ((b"\x1b$B", "iso2022_jp_ext"), (b"\x1b$@", "iso2022_jp_ext"), (b"\x1b$)C", "iso2022_kr"))
_SAMPLE: Final = 20_000
_WRONG_SHARE: Final = 0.02  # a declared encoding may be broken in so many places, an odd byte here and there
_MOSTLY_ZERO: Final = 0.9  # of the second highest bytes of UTF-32, which only emoji and rare signs have
_ZEROS_OF_LATIN: Final = 0.25  # of the bytes of UTF-16 in a Latin alphabet, at least: half, but for other signs
_IN_USE: Final = re.compile(  # characters of the scripts that most texts are in, and the signs and emoji beside them
    "[\\t\\n\\r\\x20-\\x7e\\xa0-\\u024f\\u0370-\\u052f\\u0590-\\u06ff\\u0900-\\u097f\\u0e00-\\u0e7f\\u1e00-\\u1eff"
    "\\u200b-\\u2027\\u2030-\\u205e\\u20a0-\\u20bf\\u2100-\\u27bf\\u3000-\\u30ff\\u3130-\\u318f\\u4e00-\\u9fff\\uac00-\\ud7a3"
    "\\ufe0f\\uff00-\\uffef\\U0001f000-\\U0001faff]"
)
_CONTROLS: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_BREAK: Final = re.compile("[\\n\\r ,.:;\u3001\u3002\uff0c]")  # what even a short text has
_LEAST_SHARE: Final = 0.6  # of what is beside ASCII, for an encoding to be likely
_BETTER: Final = 0.002  # by which a less likely encoding has to explain more
_LAST_RESORT: Final = "cp1252"  # what Latin-1 means in practice (WHATWG Encoding, section 4.2)

# Letters beside ASCII that the languages of a script are written with, the most frequent ones first.
_ICELANDIC: Final = "áðéíóúýþæö"  # letters at the places of Turkish ones, whose language has 200 times the writers
_RUSSIAN: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_LETTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "western": (
        "äöüß", "éèàçêîôûùâëïœæÿ", "áéíóúñüçàèò¿¡ªº", "ãõçáéíóúâêôàü", "åäöé", "æøåéò", "àèéìòùóî", "éëïóöüè",
        _ICELANDIC,
    ),
    "turkish": ("ığüşçöâîûİ",),
    "central": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ", "äöüß"),
    "baltic": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    "vietnamese": ("àáâăèéêìíòóôơùúưýđ\u0300\u0301\u0303\u0309\u0323\u20ab",),
    "southern": ("ċġħżàèìòù", "ĉĝĥĵŝŭ"),
    "cyrillic": (
        _RUSSIAN, f"{_RUSSIAN}іўё", "оаинвіетрсклудмпяьзгбчйхжшїюцєщфґ", "аоиенрстујвкпдмлгзбшљчцжхњћђфџ",
    ),
    "greek": ("αοιετσνηυρπκμλςόίέάήωδγχθφύβώξζψϊϋΐΰ",),
    "hebrew": ("יוהלאתשרבמחדםעקנןפכצגטזךסףץ" + "".join(map(chr, range(0x5B0, 0x5C3))),),
    "arabic": ("الينمروتبةعدسفهكقأحجشصخىإطذءزضغئثآؤظ" + "ـًٌٍَُِّْ" + "پچژگ،؛؟",),
    "thai": ("านรกอเงมยลวดทสตะปบคหแจพชขใไโผธณซถฟภศษญฉ" + "่้ิีัืุู็์ำึํ๊๋" + "ฐฑฒฎฏฌฮฝฆฤๅๆฯ",),
}  # fmt: skip
_PAGES: Final[Mapping[str, str]] = {  # code pages of one byte a character, the likelier ones first
    "cp1252": "western", "cp1251": "cyrillic", "cp1250": "central", "cp1254": "turkish", "cp1253": "greek",
    "cp1255": "hebrew", "cp1256": "arabic", "cp874": "thai", "cp1257": "baltic", "iso8859-15": "western",
    "koi8-r": "cyrillic", "iso8859-2": "central", "cp866": "cyrillic", "iso8859-5": "cyrillic", "koi8-u": "cyrillic",
    "iso8859-7": "greek", "iso8859-8": "hebrew", "iso8859-6": "arabic", "iso8859-13": "baltic", "iso8859-4": "baltic",
    "mac_roman": "western", "cp850": "western", "cp437": "western", "cp852": "central", "mac_cyrillic": "cyrillic",
    "cp855": "cyrillic", "cp775": "baltic", "cp857": "turkish", "cp737": "greek", "cp862": "hebrew", "cp864": "arabic",
    "mac_latin2": "central", "mac_greek": "greek", "mac_turkish": "turkish", "cp869": "greek", "cp1258": "vietnamese",
    "iso8859-16": "central", "iso8859-3": "southern",
}  # fmt: skip
_LESS_LIKELY: Final = 0.05
_NOT_LATIN: Final = frozenset({"cyrillic", "greek", "hebrew", "arabic", "thai"})
_FREQUENT: Final = 12  # letters of an alphabet that make more than half of any text
_MARKS_BESIDE: Final = frozenset("«»„“”…•·°€£§©®™№\u00a0\u00ad\u2013\u2014\u2018\u2019\u201a")
_IN_WORDS: Final = frozenset("·\u00ad\u2019")  # marks that stand within words
_THAI_SIGNS: Final = frozenset("ิีัืุู็์ึํฺ๊๋่้")  # they stand above or below a letter, never alone

# Codecs of East Asia: the codec of their national standard, the lead bytes of its first level, and the most frequent
# characters of the language.
_KANJI: Final = (
    "日一国人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西"
    "電校語土木田市社事者地業部合場自定手力回会代明動全目表不体新方主作用性的度物品名額都料"
)
_HANZI: Final = (
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都"
    "然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长這個來時後國說們為過學對裡還發開經"
)
_HANGUL: Final = (
    "이다는의에을가고로하지도를사은한정인기시대부자리아어장수서있해그나라일들과으전만"
    "보원구제스여거것성유주조상동면오신소내무안"
)
_ASIAN: Final[Mapping[str, tuple[str, range, frozenset[str]]]] = {
    "cp932": ("euc_jp", range(0xB0, 0xD0), frozenset(_KANJI)),  # JIS X 0208
    "euc_jis_2004": ("euc_jp", range(0xB0, 0xD0), frozenset(_KANJI)),
    "gb18030": ("gb2312", range(0xB0, 0xD8), frozenset(_HANZI)),  # GB 2312
    "big5hkscs": ("big5", range(0xA4, 0xC7), frozenset(_HANZI)),  # Big5
    "cp949": ("euc_kr", range(0xB0, 0xC9), frozenset(_HANGUL)),  # KS X 1001
    "johab": ("euc_kr", range(0xB0, 0xC9), frozenset(_HANGUL)),
}
_SAME: Final = {
    "shift_jis": "cp932", "shift_jis_2004": "cp932", "shift_jisx0213": "cp932", "euc_jp": "euc_jis_2004",
    "euc_jisx0213": "euc_jis_2004", "gb2312": "gb18030", "gbk": "gb18030", "hz": "gb18030", "big5": "big5hkscs",
    "cp950": "big5hkscs", "euc_kr": "cp949", **{name: name for name in _ASIAN},
}  # fmt: skip
_NAMES: Final = {  # of what is written in a page or codec, for people
    "western": Said("Western European"), "central": Said("Central European"), "southern": Said("Maltese or Esperanto"),
    "arabic": Said("Arabic"), "baltic": Said("Baltic"), "cyrillic": Said("Cyrillic"), "greek": Said("Greek"),
    "hebrew": Said("Hebrew"), "thai": Said("Thai"), "turkish": Said("Turkish"), "vietnamese": Said("Vietnamese"),
    "cp932": Said("Japanese"), "euc_jis_2004": Said("Japanese"), "gb18030": Said("Chinese"),
    "big5hkscs": Said("Chinese"), "cp949": Said("Korean"), "johab": Said("Korean"),
}  # fmt: skip


def unicode_encoding(data: bytes) -> tuple[str, int]:
    """Return the Unicode encoding that a text states or shows, and the length of its mark; "" where there is none."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    return _unmarked_unicode(data), 0


def declared_encoding(data: bytes) -> str:
    """Return the encoding that a text says it has, as a codec that reads it; "" for none that is known."""
    beginning = _COMMENT.sub(b"", data[:_DECLARED_WITHIN])
    for declaration in _DECLARATIONS:
        if found := declaration.search(beginning):
            return codec_of(found[1].decode("ascii", errors="replace"))
    return next((codec for escape, codec in _ESCAPES if escape in data and data.isascii()), "")


def codec_of(label: str) -> str:
    """Return the codec for a label of the web or of mail: a superset where writers mean one; "" for an unknown one."""
    for name in _names_of(label.strip().lower()):
        try:
            found = codecs.lookup(name).name
            "".encode(found)  # not every codec is one of text
        except (LookupError, ValueError):
            continue
        return _LABELS.get(found, found)
    return ""


def _names_of(label: str) -> Iterator[str]:
    """Yield what a label may be called in Python: itself, or what it means though no standard of codecs has it."""
    yield label
    yield _ALIASES.get(label, "")
    plain = label
    while plain.startswith("x-"):
        plain = plain[2:]
    yield plain
    if found := _ISO_8859.fullmatch(plain):
        yield f"iso8859-{found[1]}"
    if found := _CODE_PAGE.fullmatch(plain):
        yield f"cp{found[1]}"


def decoded_as_declared(data: bytes, encoding: str) -> str | None:
    """Return the text in the encoding that was declared; None where it shows that this is not so."""
    text = data.decode(encoding, errors="replace")
    return text if text.count("\ufffd") <= max(1, len(text) * _WRONG_SHARE) else None


def guessed_encoding(data: bytes) -> str:
    """Return the encoding that the bytes of a text suggest that is not in UTF-8."""
    import charset_normalizer  # noqa: PLC0415 - its tables take a while to load, and most texts are in UTF-8

    sample = _telling(data)
    best = charset_normalizer.from_bytes(sample).best()
    family = best.encoding if best is not None else ""
    likely = ""
    if family in _SAME or family.startswith("utf"):  # no UTF has led anywhere before, so it is none
        first = _SAME.get(family, "cp932")
        likely = _likeliest(sample, dict.fromkeys((first, *_ASIAN)), _usual_share)
    return likely or _likeliest(sample, _PAGES, _alphabet_share) or (family if family in _PAGES else _LAST_RESORT)


def language_of(encoding: str) -> str:
    """Return what is written in an encoding of before Unicode, for people: "Cyrillic", "Japanese"."""
    group = _PAGES.get(encoding, encoding)
    return _NAMES.get(group, group.capitalize())


def _telling(data: bytes) -> bytes:
    """Return the lines that have anything beside ASCII, as far as a sample goes: all others say nothing."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line)
            size += len(line)
            if size >= _SAMPLE:
                break
    return b"".join(lines)[: 2 * _SAMPLE]


def _likeliest(sample: bytes, encodings: Iterable[str], share: Callable[[str, str], float]) -> str:
    """Return the encoding in which most of the text is what one language writes; "" where none is likely at all."""
    best, found = _LEAST_SHARE, ""
    for encoding in encodings:
        text = sample.decode(encoding, errors="replace")
        wrong = text.count("\ufffd")
        if wrong <= 1 + len(text) * _WRONG_SHARE / 10:  # the sample may end within a character
            likely = share(text, encoding) - wrong / len(text)
            if likely > best + _BETTER:
                best, found = likely, encoding
    return found


def _usual_share(text: str, encoding: str) -> float:
    """Return how usual the text beside ASCII is in its language, about 1 for what somebody wrote in it."""
    standard, first_level, frequent = _ASIAN[encoding]
    beside = [character for character in text if character > "\x7f"]
    if not beside:
        return 0.0
    kana = sum("\u3041" <= character <= "\u30ff" for character in beside) if standard == "euc_jp" else 0
    marks = sum("\u3000" <= character <= "\u303f" or "\uff01" <= character <= "\uff5e" for character in beside)
    level = sum(_lead_byte(character, standard) in first_level for character in beside)
    often = sum(character in frequent for character in beside)
    return (1.1 * kana + marks + 0.8 * level + 0.3 * often) / len(beside)


@lru_cache(maxsize=20_000)
def _lead_byte(character: str, standard: str) -> int:
    written = character.encode(standard, errors="ignore")
    return written[0] if len(written) == 2 else 0


def _alphabet_share(text: str, encoding: str) -> float:
    """Return how much of the text beside ASCII the letters of one language explain, its frequent ones counting more.

    What stands where it never would is what one code page looks like in another, and counts against it.
    """
    beside = [around for around in zip(f" {text}"[:-1], text, f"{text[1:]} ", strict=True) if around[1] > "\x7f"]
    if not beside:
        return 0.0
    page = _PAGES[encoding]
    wrong = sum(_is_out_of_place(*around, latin=page not in _NOT_LATIN) for around in beside)
    letters = [letter if letter == "İ" else letter.lower() for _, letter, _ in beside if letter not in _MARKS_BESIDE]
    most = max(_explained(letters, alphabet) for alphabet in _LETTERS[page])
    return (most + len(beside) - len(letters) - wrong) / len(beside)


def _is_out_of_place(before: str, letter: str, after: str, *, latin: bool) -> bool:
    """Return whether a capital follows a small letter, a word has two alphabets, a mark stands in it, and so on."""
    if letter in _MARKS_BESIDE:
        return letter not in _IN_WORDS and before.isalpha() and after.isalpha()
    if letter in _THAI_SIGNS:
        return not "\u0e01" <= before <= "\u0e4e"
    if latin:
        return (letter.isupper() and before.islower()) or not (before.isalpha() or after.isalpha())
    return (letter.isupper() and before.islower()) or (before.isascii() and before.isalpha())


def _explained(letters: Sequence[str], alphabet: str) -> float:
    known, frequent = frozenset(alphabet), frozenset(alphabet[:_FREQUENT])
    most = sum((letter in known) * 0.8 + (letter in frequent) * 0.2 for letter in letters)
    return most * (1 - _LESS_LIKELY) if alphabet == _ICELANDIC else most


def _unmarked_unicode(data: bytes) -> str:
    """Return UTF-16 or UTF-32 without a mark, known by where its zero bytes stand, if what it says is text."""
    sample = data[:_DECLARED_WITHIN]
    zeros = [sample[place::4].count(0) for place in range(4)]
    each = len(sample) / 4
    if not any(zeros) or len(data) % 2:
        return ""
    if len(data) % 4 == 0 and zeros[0] == each and zeros[1] > each * _MOSTLY_ZERO:
        return "utf-32-be" if _is_assigned(sample, "utf-32-be") else ""
    if len(data) % 4 == 0 and zeros[3] == each and zeros[2] > each * _MOSTLY_ZERO:
        return "utf-32-le" if _is_assigned(sample, "utf-32-le") else ""
    if sum(zeros) < len(sample) * _ZEROS_OF_LATIN and _is_text_in_utf8(sample.replace(b"\0", b"")):
        return ""  # zeros have come into another text
    if sum(zeros) * 100 >= len(sample) and bool(zeros[0] + zeros[2]) != bool(zeros[1] + zeros[3]):
        encoding = "utf-16-le" if zeros[1] + zeros[3] else "utf-16-be"
        return encoding if _is_assigned(sample, encoding) else ""
    return _likely_utf16(sample)


def _is_assigned(sample: bytes, encoding: str) -> bool:
    """Return whether nearly all characters are ones that Unicode has."""
    text = sample[: len(sample) // 4 * 4].decode(encoding, errors="replace")
    strange = sum(unicodedata.category(character) in {"Cn", "Co", "Cs"} for character in text)
    return strange * 50 <= len(text)


def _is_text_in_utf8(sample: bytes) -> bool:
    """Return whether bytes are text in UTF-8, of which the last character may be cut."""
    if _CONTROLS.search(sample):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _likely_utf16(sample: bytes) -> str:
    """Return UTF-16 whose zero bytes tell nothing, as that of Chinese or with emoji: nearly all of it is in use."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: len(sample) // 2 * 2].decode(encoding, errors="replace").removesuffix("\ufffd")
        if _BREAK.search(text) and len(_IN_USE.sub("", text)) * 50 <= len(text):
            return encoding
    return ""
