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
    thankyou thanku thnx tks appreciate ack roger brilliant lovely kudos obliged sense fair o7
    cảm cám ơn hiểu terima terimakasih kasih makasih trims mengerti salamat asante dankie diolch faleminderit
    gràcies grazas eskerrik esker brigado brigada dankjulliewel takket skål ďakujem vďaka děkuju díky dík dzieki
    dziekuje hvala köszönöm köszi kösz mulțumesc multumesc mersi teşekkür sağ sağol sağolun eyvallah kiitti
    aitäh tänan paldies ačiū takkar təşəkkür спс пасиб понял поняла ясно дякую зрозуміло благодаря
    мерси хвала дзякуй рахмет баярлалаа ευχαριστούμε ευχαριστω κατάλαβα շնորհակալություն მადლობა ممنون مرسی متشکرم
    سپاس شکریہ شكراً
    תודות הבנתי शुक्रिया आभार समझ ধন্যবাদ நன்றி ధన్యవాదాలు આભાર ਧੰਨਵਾਦ ಧನ್ಯವಾದ ಧನ್ಯವಾದಗಳು നന്ദി
    ขอบคุณ ขอบคุณครับ ขอบคุณค่ะ ขอบคุณคะ ขอบคุณมาก ขอบคุณมากครับ ขอบคุณมากค่ะ ขอบใจ ຂອບໃຈ អរគុណ አመሰግናለሁ
    どうもありがとう どうもありがとうございます サンキュー 感謝 感謝します 承知しました かしこまりました
    感谢 感谢你 非常感谢 非常感謝 謝謝你 谢了 谢啦 谢谢啦 多謝 唔該 辛苦了 好的谢谢 懂了 知道了
    감사해요 감사 고맙다 ㄱㅅ 알겠습니다
"""
_BESIDE: Final = """
    you u you're so very much a lot all guys everyone everybody man mate dude bro folks again really help
    it i that's thats was is that for your the
    dir ihnen euch sehr vielen schön schon beaucoup bien à tous vous muchas muchísimas mil todos muito muita mesmo
    many million besten lieben toi mange tusen så mycket bardzo wielkie ederim paljon
    mille tante molto je wel hoor hartelijk très большое
    seedling bot makes sounds job work one best to know be enough
    bạn nhiều rất lắm banyak sekali ya kamu po maraming sana moltes asko mila moc pekně lijepa lepo puno velika szépen
    mult frumos ederiz ol çok mycket paljon fyrir огромное тебе вам дуже щиро много πολύ σε σας جزيلا جدا خیلی
    بہت רבה מאוד बहुत मैं गया आपका जी অনেক มาก ครับ ค่ะ 真的 非常 你 정말 너무 本当に
"""  # make no message of thanks, and none without the others
_YES: Final = """
    ok okay okey k kk good great perfect fine cool alright excellent awesome klar gut super prima verstanden parfait
    d'accord entendu vale perfecto genial beleza perfeito bene ottimo perfetto tamam ок хорошо
    oke okej okei kul dobře dobrze dobra rendben bine ладно отлично супер круто добре чудово εντάξει τέλεια
    baik siap được sawa בסדר מעולה תמם تمام حسنا باشه خوب ठीक है अच्छा โอเค ครับผม 行 可以 好吧 알겠어요 좋아요
    了解 了解です 好 好的 嗯 네 👍 👌 ✅ ✔ 🆗 💯 :+1: :thumbsup: :white_check_mark: :ok_hand: +1
"""


def _letters(word: str) -> str:
    """Return a word without the emoji and signs that stand around it, or vowel signs that it ends with."""
    start, end = 0, len(word)
    while start < end and not (word[start].isalnum() or word[start] == "@"):
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end]


_ASSENT: Final = frozenset(_YES.casefold().split())
"""What says yes when somebody was asked; mere thanks, laughs and sighs do not."""

_AROUND: Final = ".,!\u3002\uff01\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # skin tones among them
_REACTION_WORDS: Final = frozenset(
    _letters(word) for word in f"{_REACTIONS} {_YES}".casefold().split() if word[0].isalnum()
)
_BESIDE_WORDS: Final = frozenset(map(_letters, _BESIDE.casefold().split()))

LONGEST: Final = 500
"""Characters: what is longer says something, and reading it word by word would take milliseconds."""

_LAUGH = re.compile(
    r"a?(?:[hj][aei]){2,}h?|[hj][ae]h|lo+l|(?:rs){2,}|k{3,}|w{2,}|\u7b11+|\u54c8{2,}"
    r"|\u0430?(?:\u0445[\u0430\u0435]){2,}|[\u314b\u314e]{2,}|\u0647{3,}|(?:wk){2,}|mdr+|ptdr"
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
