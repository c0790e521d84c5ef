"""Tell bare thanks, acknowledgements and reactions from messages that say something. Pure.

The lists are short on purpose: what is in none of them is taken for a message. "Yes" and "no" answer questions, so they
are in none.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

_REACTIONS: Final = """
    thank thanks thx thanx tnx ty tysm cheers ta sorry welcome np noted understood got see
    nice sweet wow yay ah ahh aha oh ohh ooh hm hmm lmao rofl bye
    danke dankeschön dankesehr merci alles tschüss
    compris génial
    gracias entendido bueno obrigado obrigada valeu legal
    grazie capito benissimo bedankt dank dankjewel dankuwel begrepen
    tack takk tak kiitos dzięki dziękuję děkuji спасибо понятно teşekkürler شكرا
    ありがとう ありがとうございます ありがとうございました どうも 了解しました わかりました なるほど
    appreciated gotcha благодарю شكرًا 고마워요 助かりました ευχαριστώ תודה धन्यवाद
    谢谢 谢谢你 谢谢您 謝謝 多谢 明白 明白了 收到 고마워 고맙습니다 감사합니다
"""
_BESIDE: Final = """
    you u you're so very much a lot all guys everyone everybody man mate dude bro folks again really help
    it i that's thats was is that for your the
    dir ihnen euch sehr vielen schön schon beaucoup bien à tous vous muchas muchísimas mil todos muito muita mesmo
    many million besten lieben toi mange tusen så mycket bardzo ederim paljon
    mille tante molto je wel hoor hartelijk très большое
"""  # make no message of thanks, and none without the others
_YES: Final = """
    ok okay okey k kk good great perfect fine cool alright excellent awesome klar gut super prima verstanden parfait
    d'accord entendu vale perfecto genial beleza perfeito bene ottimo perfetto tamam ок хорошо
    了解 了解です 好 好的 嗯 네 👍 👌 ✅ ✔ 🆗 💯 :+1: :thumbsup: :white_check_mark: :ok_hand: +1
"""
_ASSENT: Final = frozenset(_YES.split())
"""What says yes when somebody was asked; mere thanks, laughs and sighs do not."""

_AROUND: Final = ".,!\u3002\uff01\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # skin tones among them
_REACTION_WORDS: Final = _ASSENT.union(_REACTIONS.split())
_BESIDE_WORDS: Final = frozenset(_BESIDE.split())

LONGEST: Final = 500
"""Characters: what is longer says something, and reading it word by word would take milliseconds."""

_LAUGH = re.compile(
    r"a?(?:[hj][aei]){2,}h?|[hj][ae]h|lo+l|(?:rs){2,}|k{3,}|w{2,}|\u7b11+|(?:\u0445\u0430){2,}|\u54c8{2,}"
)
_DRAWN_OUT = re.compile(r"(\w)\1{2,}")  # "ahhh", "hmmmm"
_EMOJI_CODES = re.compile(r"<a?:\w+:\d+>|:[\w+'-]+:|(?<!\S)(?:[:;=xX8]['^-]?[()\[\]dDpPoO3/|*]+|[+-]1|<3|\^+)(?!\S)")
_BETWEEN = re.compile(r"[\s.,;:!\u2026\u3002\u3001\uff0c\uff01]+")
_QUESTION = re.compile(r"[?\uff1f\u061f\u2753\u2754\u2049\u2047]|:(?:grey_)?question:|:interrobang:")


def is_reaction(text: str, names: Container[str] = frozenset()) -> bool:
    """Return whether `text` is thanks, an acknowledgement, a laugh or emoji and nothing else, said to some
    of `names`.

    `names` are casefolded. A question is never one; where there is no text, there was a sticker.
    """
    if len(text) > LONGEST or _QUESTION.search(text):
        return False
    words = [_letters(word) for word in _BETWEEN.split(_EMOJI_CODES.sub(" ", text.casefold().replace("\u2019", "'")))]
    words = [word for word in words if word and not (word.startswith("@") or word in names)]
    said = [word for word in words if word not in _BESIDE_WORDS]
    return not words or (bool(said) and all(map(_is_reaction, said)))


def is_assent(text: str) -> bool:
    """Return whether a reaction says yes, which answers a question."""
    words = (word.strip(_AROUND) for word in text[:LONGEST].casefold().split())
    return any(word in _ASSENT for word in words)


def _is_reaction(word: str) -> bool:
    return (
        word in _REACTION_WORDS or _DRAWN_OUT.sub(r"\1", word) in _REACTION_WORDS or _LAUGH.fullmatch(word) is not None
    )


def _letters(word: str) -> str:
    """Return a word without the emoji and signs that stand around it."""
    start, end = 0, len(word)
    while start < end and not (word[start].isalnum() or word[start] == "@"):
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end]
