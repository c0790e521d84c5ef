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
    감사해요 감사 고맙다 ㄱㅅ 알겠습니다 넵 넹 오 대박
    helpful helps helped works worked impressive amazing fantastic wonderful beautiful lifesaver legend omg lmfao whoa
    yw tyvm cya ttyl brb gn gn8 nvm nevermind oops whoops meh ugh argh sigh mhm eh solved ツ
    hilfreich geklappt klappt funktioniert läuft achso mega geil impec nickel buenísimo estupendo entendi blz prego
    fantastico helder duidelijk spoko jasne jasně помогло
    til mahalo kamsahamnida gamsahamnida kamsahabnida gomawo komawo arigato arigatou arigatō doumo xiexie duojie
    spasibo dyakuyu blagodarya hvala efharisto efcharisto shukran shukriya dhanyavad dhanyawad todah
    太好了 太棒了 没问题 好滴 好嘞 嗯嗯 哦 哦哦 厉害 不客气 原来如此 すごい 助かります なるほどです
"""
_BESIDE: Final = """
    you u you're so very much a lot all guys everyone everybody man mate dude bro folks again really help
    it i that's thats was is that for your the
    dir ihnen euch sehr vielen schön schon beaucoup bien à tous vous muchas muchísimas mil todos muito muita mesmo
    many million besten lieben toi mange tusen så mycket bardzo wielkie ederim paljon
    mille tante molto je wel hoor hartelijk très большое
    seedling bot makes sounds job work one best to know be enough indeed both kindly heaps muchly bunch ton
    herzlichen vielmals beiden davvero te jättemycket لك
    bạn nhiều rất lắm banyak sekali ya kamu po maraming sana moltes asko mila moc pekně lijepa lepo puno velika szépen
    mult frumos ederiz ol çok mycket paljon fyrir огромное тебе вам дуже щиро много πολύ σε σας جزيلا جدا خیلی
    بہت רבה מאוד बहुत मैं गया आपका जी অনেক มาก ครับ ค่ะ 真的 非常 你 정말 너무 本当に
"""  # make no message of thanks, and none without the others
_YES: Final = """
    sure agreed right alrighty okie dokey top perfekt passt genau stimmt ok
    okay okey k kk good great perfect fine cool alright excellent awesome klar gut super prima verstanden parfait
    d'accord entendu vale perfecto genial beleza perfeito bene ottimo perfetto tamam ок хорошо
    oke okej okei kul dobře dobrze dobra rendben bine ладно отлично супер круто добре чудово εντάξει τέλεια
    baik siap được sawa בסדר מעולה תמם تمام حسنا باشه خوب ठीक है अच्छा โอเค ครับผม 行 可以 好吧 알겠어요 좋아요
    了解 了解です okです おけ 好 好的 嗯 네 👍 👌 ✅ ✔ 🆗 💯 :+1: :thumbsup: :white_check_mark: :ok_hand: +1
"""
_PHRASES: Final = """
    no problem | no worries | my pleasure | you rock | well done | nicely done | thumbs up | fair point | good point |
    copy that | bless you | same here | uh huh | my bad | sorry about that | never mind | forget it | scratch that |
    love it | love this | works now | all good now | on it | will do | good night | see you later |
    no thanks | no thank you | nein danke | non merci | no gracias | nee bedankt | sure thing |
    kein problem | keine ursache | gern geschehen | gerne geschehen | hut ab | passt so | das hilft | hat geholfen |
    hat geklappt | läuft jetzt | funktioniert jetzt | ach so | hat sich erledigt | gute nacht | ça marche |
    c'est parfait | je vois | bien reçu | de rien | pas de souci | pas de problème | de nada | muy bien | muito bem |
    tudo certo | valeu mano | va bene | ho capito | geen probleem | graag gedaan | inga problem | nie ma za co |
    není zač | всё понятно | все понятно | не за что | без проблем | kiitos avusta | d'acc |
    great answer | good answer | nice answer | perfect answer | excellent answer | great explanation | good
    explanation | nice explanation | you're the best | you are the best | what i needed | exactly what i needed |
    just what i needed | what i was looking for | exactly what i was looking for | have a nice day | have a good day
    | have a great day | have a good one | have a nice weekend | have a good weekend | take care | same to you | you
    too | i'll try that | i'll try it | i will try that | i'll give it a try | i'll give that a try | i'll do that |
    i'll check it out | i'll take a look | i'll have a look | let me try that | let me try it | will try | will try
    that | fixed it | did it | did the trick | it works now | works like a charm | worked like a charm | works
    perfectly | worked perfectly | works great | worked great | no further questions | no more questions | that's
    all | that's all i needed | all clear | all set | i'm all set | spot on | well said | glad to hear it | genau
    das brauchte ich | mach ich | probiere ich | probiere ich aus | das war alles | schönen tag noch | schönes
    wochenende | bonne journée | je vais essayer | c'est tout | buen día | eso es todo | today i learned |
    this is gold | that is gold | that's gold | pure gold | what a gem | that explains it | this explains it |
    that explains a lot | that explains everything | that clears it up | that clears things up | that answers it |
    that answers my question | didn't know that | wieder was gelernt | das erklärt es | das erklärt einiges |
    ça explique tout | eso lo explica |
"""
_THANKS: Final = """
    thank thanks thx danke dank merci gracias obrigado obrigada grazie bedankt tack takk tak kiitos dzięki dziękuję
    děkuji díky спасибо дякую شكرا شكرًا תודה धन्यवाद kasih makasih ơn
"""
_FOR: Final = """
    for für pour d'avoir por per dell'aiuto pela pelo voor för za за على על के atas bantuannya bạn untuk vì
"""  # what somebody is thanked for says nothing new


def _letters(word: str) -> str:
    """Return a word without the emoji and signs that stand around it, or vowel signs that it ends with."""
    start, end = 0, len(word)
    while start < end and not (word[start].isalnum() or word[start] == "@"):
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end]


_ASSENT: Final = frozenset(f"{_YES} yes yeah yep yup ja oui sí sim да".casefold().split())
"""What says yes when somebody was asked; mere thanks, laughs and sighs do not."""

_AROUND: Final = ".,!\u3002\uff01\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # skin tones among them
_REACTION_WORDS: Final = frozenset(
    _letters(word) for word in f"{_REACTIONS} {_YES}".casefold().split() if word[0].isalnum()
)
_BESIDE_WORDS: Final = frozenset(map(_letters, _BESIDE.casefold().split()))

LONGEST: Final = 500
"""Characters: what is longer says something, and reading it word by word would take milliseconds."""

_MOST_FOR: Final = 4
"""Words that tell what somebody is thanked for; more of them say something else as well."""

_THANKS_WORDS, _FOR_WORDS = frozenset(_THANKS.split()), frozenset(_FOR.split())
_SET_PHRASES: Final = frozenset(filter(None, map(str.strip, _PHRASES.casefold().split("|"))))
_PHRASE_LENGTHS: Final = (6, 5, 4, 3, 2, 1)
_THANKED_AT_END = re.compile(
    r"\S{0,16}(?:ありがとう(?:ございま(?:す|した))?)|(?:谢谢|感谢|多谢)[你您]?的?(?:帮助|帮忙|解答|回答|回复)|ขอบคุณที่\S{0,12}"
    r"|(?:\S+ ){0,2}\S*서 (?:감사|고마|고맙)\S{0,4}|(?:\S+ ){1,2}için teşekkür\S{0,3}(?: ederim)?"
)
"""Thanks for something in languages that part no words, or say first for what."""

_PROMISED = re.compile(
    r"(?:(?:i'll|i will|will|i'm going to|gonna|let me) (?:try|test|check|do|use|read) (?:that|this|it|them)"
    r"|(?:das |es )?(?:probiere?|teste|mache?|versuche?) ich|ich (?:probiere|teste|mache|versuche) (?:das|es)"
    r"|je vais essayer(?: ça)?|lo (?:voy a probar|probaré))"
    r"(?: (?:out|now|later|today|tonight|tomorrow|soon|then|first|right away|at home|at work"
    r"|(?:this|next|on|over the|in the|tomorrow) (?:morning|afternoon|evening|week|weekend|\w{3,6}day)"
    r"|aus|jetzt|gleich|später|heute|morgen|demain|ce soir|plus tard|mañana|luego|más tarde)){0,3}"
)
"""What somebody is going to do with an answer, and when: that waits for nothing."""

_LAUGH = re.compile(
    r"a?(?:[hj][aei]){2,}h?|[hj][ae]h|lo+l|(?:rs){2,}|k{3,}|w{2,}|\u7b11+|\u54c8{2,}"
    r"|\u0430?(?:\u0445[\u0430\u0435]){2,}|[\u314b\u314e]{2,}|\u0647{3,}|(?:wk){2,}|mdr+|ptdr"
)
_YES_OR_NO: Final = "yes|yeah|yep|yup|no|nope|nah|ja|nee|nein|oui|non|sí|si|sim|não|да|нет"
_BEFORE_THANKS = re.compile(rf"^\W*(?:{_YES_OR_NO})\b[\s,.!]*(?=(?:{'|'.join(_THANKS.split())})\b)")
"""Yes or no in front of thanks, which then need no answer either."""

_DRAWN_OUT = re.compile(r"(\w)\1{2,}")  # "ahhh", "hmmmm"
_EMOJI_CODES = re.compile(
    r"<a?:\w+:\d+>|:[\w+'-]+:|(?<!\S)(?:[:;=xX8]['^-]?[()\[\]dDpPoO3/|*]+|[+-]1|<3|\^+)(?!\S)|\\o/"
)
_PICTURED = re.compile(
    r"^\[sticker\][^\n]*$|<?https?://(?:[\w-]+\.)?(?:tenor|giphy|klipy)\.com/[^\s>]*>?", re.MULTILINE | re.IGNORECASE
)
"""Stickers, as messages are rendered, and animated pictures from where people choose them."""

_BETWEEN = re.compile(r"[\n.,;:!\u2026\u3002\u3001\uff0c\uff01]+")
_QUESTION = re.compile(r"[?\uff1f\u061f\u2753\u2754\u2049\u2047]|:(?:grey_)?question:|:interrobang:")


def is_reaction(text: str, names: Container[str] = frozenset()) -> bool:
    """Return whether `text` is thanks, an acknowledgement, a laugh or emoji and nothing else, said to some
    of `names`.

    `names` are casefolded. A question is never one; where there is no text, there was a sticker.
    """
    text = _PICTURED.sub(" ", text) if len(text) <= LONGEST else text
    if len(text) > LONGEST or _QUESTION.search(text):
        return False
    plain = _EMOJI_CODES.sub(" ", text.casefold().replace("\u2019", "'"))
    plain = _BEFORE_THANKS.sub("", plain)
    clauses = [words for clause in _BETWEEN.split(plain) if (words := _words_of(clause, names))]
    said = [_says(words) for words in clauses]
    return not clauses or (None not in said and any(said))


def _words_of(clause: str, names: Container[str]) -> list[str]:
    words = map(_letters, clause.split())
    return [word for word in words if word and not (word.startswith("@") or word in names)]


def _says(words: list[str]) -> bool | None:
    """Return whether a clause thanks, acknowledges or laughs; None where it says something else."""
    if _THANKED_AT_END.fullmatch(" ".join(words)):
        return True
    found = False
    while words:
        length = next((n for n in _PHRASE_LENGTHS if " ".join(words[:n]) in _SET_PHRASES), 0)
        if _PROMISED.fullmatch(" ".join(words)):
            return True
        if words[0] in _THANKS_WORDS and _tells_for_what(words[1:]):
            return True
        if not (length or words[0] in _BESIDE_WORDS or _is_reaction(words[0])):
            return None
        found = found or length > 0 or words[0] not in _BESIDE_WORDS
        words = words[length or 1 :]
    return found


def _tells_for_what(words: list[str]) -> bool:
    """Return whether what follows thanks only tells for what: "so much for your help"."""
    at = next((at for at, word in enumerate(words) if word not in _BESIDE_WORDS or word in _FOR_WORDS), len(words))
    return words[at : at + 1] != [] and words[at] in _FOR_WORDS and len(words) - at - 1 <= _MOST_FOR


def is_assent(text: str) -> bool:
    """Return whether a reaction says yes, which answers a question."""
    words = (word.strip(_AROUND) for word in text[:LONGEST].casefold().split())
    return any(word in _ASSENT for word in words)


def _is_reaction(word: str) -> bool:
    return (
        word in _REACTION_WORDS or _DRAWN_OUT.sub(r"\1", word) in _REACTION_WORDS or _LAUGH.fullmatch(word) is not None
    )
