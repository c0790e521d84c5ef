"""Which messages go on with the talk with the bot, told from texts, names and order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.chat.follow_ups import AMONG_PEOPLE, REACTION, TALK_LENGTH, TO_A_BOT, TO_SOMEBODY, reason_for_silence
from bot.chat.message_policy import Action, PolicyState, decide
from bot.chat.reactions import is_reaction
from bot.types import BOT, Attachment, Utterance
from tests.fakes import incoming

MEANT = ""


def talk(script: str) -> list[Utterance]:
    """What was said: a line each, "ada: hello", "bot: hello"; "ada>bot: why?" is a question by mention."""
    said = []
    for line in filter(None, map(str.strip, script.splitlines())):
        who, text = line.split(": ", 1)
        name, _, to = who.partition(">")
        speaker = BOT if name == "bot" else name
        addressees = frozenset({BOT if to == "bot" else to}) if to else frozenset()
        said.append(
            Utterance(speaker=speaker, name="" if name == "bot" else name.title(), text=text, addressees=addressees)
        )
    return said


def judged(script: str, *, has_files: bool = False) -> str:
    *before, newest = talk(script)
    return reason_for_silence(newest, before, has_files=has_files)


ONE = """
    ada>bot: When is the library open?
    bot: From nine to five.
"""
TWO_ASK = """
    ada>bot: When is the library open?
    bot: From nine to five.
    ben>bot: And the pool?
    bot: From ten.
"""
AMONG = """
    ada>bot: When is the library open?
    bot: From nine to five.
    ada: Ben: shall we go on Monday?
    ben: Monday is fine with me
"""


# ---------------------------------------------------------------- one person


@pytest.mark.parametrize(
    "text",
    [
        "and on Sundays?",
        "that does not help",
        "thanks! and what about Sundays?",
        "danke, und sonntags?",
        "merci ! et le dimanche ?",
        "谢谢\uff0c星期天呢\uff1f",
        "ありがとう。日曜日は\uff1f",
        "yes",
        "no, the other one",
        "42",
        "Note: it has to be before noon",
        "my mail is ada@example.org",
        "`@cached` does nothing there",
        "> @ben said so\nis that right?",
        "ok, then write it in French",
    ],
)
def test_one_person_is_answered(text: str) -> None:
    assert reason_for_silence(Utterance(speaker="ada", name="Ada", text=text), talk(ONE)) == MEANT


@pytest.mark.parametrize(
    "text", ["@Ben lunch at twelve?", "lunch at twelve, @ben?", "@here anybody else?", "@世界 hallo"]
)
def test_who_speaks_to_somebody_else_is_not_answered(text: str) -> None:
    assert judged(f"{ONE}ada: {text}") == TO_SOMEBODY


@pytest.mark.parametrize("text", ["!play despacito", "/giphy cats", ";;skip", "?rank me"])
def test_another_bots_command_is_not_answered(text: str) -> None:
    assert judged(f"{ONE}ada: {text}") == TO_A_BOT


@pytest.mark.parametrize("text", ["/etc/hosts is empty", "$HOME is unset", "!important? why", "!= means what", "?"])
def test_what_only_begins_like_a_command_is_answered(text: str) -> None:
    assert judged(f"{ONE}ada: {text}") == MEANT


@pytest.mark.parametrize(
    ("text", "reason"),
    [("> From nine to five.\nthanks!", REACTION), ("> From nine to five.", MEANT), ("```\nTraceback\n```", MEANT)],
)
def test_thanks_below_a_quotation_are_thanks(text: str, reason: str) -> None:
    assert reason_for_silence(Utterance(speaker="ada", name="Ada", text=text), talk(ONE)) == reason


def test_a_reply_to_somebody_else_is_not_answered() -> None:
    assert judged(f"{ONE}ada>ben: and on Sundays?") == TO_SOMEBODY


@pytest.mark.parametrize(
    "text",
    [
        "thanks!", "Thank you so much :)", "ok", "OK 👍", "lol", "hahaha", "ahhh", "cool, got it", "🎉", ":+1:", "+1",
        "...", ":+1::skin-tone-2:", "<:party:123456789012345678>", "<a:wave:1>", "danke dir!",
        "Vielen Dank", "alles klar",
        "super, merci beaucoup", "d'accord", "d\u2019accord",
        "muchas gracias", "jajaja", "muito obrigada!", "grazie mille",
        "dank je wel", "hartelijk bedankt", "ありがとう", "了解です。", "谢谢\uff01", "好的",
        "哈哈哈", "спасибо большое", "감사합니다", "",
    ],
)  # fmt: skip
def test_thanks_and_reactions_are_not_answered(text: str) -> None:
    assert reason_for_silence(Utterance(speaker="ada", name="Ada", text=text), talk(ONE)) == REACTION


THANKS = """
    cảm ơn | Cảm ơn bạn rất nhiều! | terima kasih | Terima kasih banyak ya | makasih | salamat po |
    asante sana | धन्यवाद | शुक्रिया | ठीक है | ধন্যবাদ | நன்றி | ขอบคุณครับ | شكرا جزيلا | خیلی
    ممنون | شکریہ | תודה רבה | σε ευχαριστώ πολύ | дуже дякую | спс | понял, спасибо | благодаря |
    hvala lijepa | moc děkuju | wielkie dzięki | köszönöm szépen | mulțumesc mult | teşekkürler |
    sağ ol | kiitos paljon | aitäh | paldies | ačiū | tusen takk | tack så mycket | moltes gràcies |
    eskerrik asko | どうもありがとうございます | 承知しました | 非常感谢 | 정말 감사합니다 | 唔該 | ㅋㅋㅋ |
    \u0430\u0445\u0430\u0445\u0430 | wkwkwk | 👍🏽🙏🏿 | ❤️‍🔥 🫶 | 🇫🇷 | \U0001faf6 | thanks Seedling |
    thank you so much, seedling! | good bot | ty so much 🙏 | thx @seedling | makes sense, thanks |
    sounds good | good to know | much appreciated | many thanks | thanks Ben, you're the best 🎉 |
    thanks for the explanation | thank you so much for your help! | Danke für die schnelle Antwort :) | no worries |
    gracias por la ayuda | merci d'avoir répondu | dzięki za pomoc | yard\u0131m\u0131n için teşekkürler |
    教えてくれてありがとうございます | 谢谢你的帮助 | спасибо, помогло | 도와주셔서 감사합니다 |
    that helps, thanks | works now | passt so | great answer! | Thank you, have a nice day! | You're the best |
    exactly what I needed, thanks | Great, I'll try that | Thanks, I'll give it a try | no further questions, thanks |
    sweet, that fixed it | yes thanks | No, thank you! | nein, danke | oui merci | all set | Merci, bonne journée |
    ah, perfect. ça marche | Kein Problem, hat geklappt! | sorry, my bad | no thanks | *thumbs up* | 太好了\uff01 |
    \\o/ | TIL | this is gold | That's gold, thank you! | pure gold 😂 | ah, that explains it | mahalo! |
    oh ok that explains a lot | I'll try that tomorrow | ok I'll test it later today, thanks | arigatou |
    will do that next week | das probiere ich morgen aus | ich teste es später | je vais essayer ça demain |
    lo probaré mañana | kamsahamnida | spasibo, wieder was gelernt
"""


@pytest.mark.parametrize("text", [text.strip() for text in THANKS.split("|")])
def test_thanks_are_known_in_many_languages_and_however_they_are_said(text: str) -> None:
    assert is_reaction(text, {"ben"})


NO_THANKS = """
    terima pesanan saya | cảm thấy lạ | แล้วขอบคุณแปลว่าอะไร | понял вопрос | is 'terima kasih'
    Malay | 1️⃣ | 555 | good work on the pump, now the filter | that works on Linux only | Seedling
    | you know | thanks for the summary of it, now the prices | merci de répondre en anglais | thanks for translating
    this into French for me | works only once | top 10 | forget it, write about cats | never mind the tone
    | no, thanks to him it broke | yes, thank Ben in it as well | I'll try that without sugar, or is it too sour
    | great answer, but shorter | fixed it wrongly | have a nice day in Spanish | no | yes | did it rain | yes please
    | das hilft nicht | problem solved by Ben | no problem in the second one either
    | TIL that pears can be grafted | gold | this is gold ore | that explains it for Linux only | tomorrow |
    I'll try that tomorrow with sugar | I'll try the second one | will it do that tomorrow | arigato in German |
    das probiere ich morgen aus und dann die Pumpe
"""


@pytest.mark.parametrize("text", [text.strip() for text in NO_THANKS.split("|")])
def test_what_only_begins_like_thanks_is_a_message(text: str) -> None:
    assert not is_reaction(text)


@pytest.mark.parametrize(
    "text",
    [
        "thanks?",
        "ok why",
        "great idea, now shorter",
        "you all",
        "that is it",
        "not ok",
        "hm, it fails",
        "danke der Nachfrage",
    ],
)
def test_what_says_something_is_no_reaction(text: str) -> None:
    assert not is_reaction(text)


def test_a_picture_without_words_is_no_reaction() -> None:
    assert judged(f"{ONE}ada: ok", has_files=True) == MEANT


# ---------------------------------------------------------------- several people


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(f"{TWO_ASK}ada: and on Sundays?", MEANT, id="each-goes-on-with-the-bot"),
        pytest.param(f"{TWO_ASK}ben: and the sauna?", MEANT, id="the-other-one-too"),
        pytest.param(f"{TWO_ASK}ada: Ben, shall we go?", TO_SOMEBODY, id="named-with-a-comma"),
        pytest.param(f"{TWO_ASK}ada: ben: shall we go?", TO_SOMEBODY, id="named-with-a-colon"),
        pytest.param(f"{TWO_ASK}ada: Ben\uff1a我们走吧", TO_SOMEBODY, id="named-with-a-wide-colon"),
        pytest.param(
            f"{TWO_ASK}ada: thanks Ben, shall we meet there on Monday?", TO_SOMEBODY, id="named-behind-thanks"
        ),
        pytest.param(f"{TWO_ASK}ada: hey Ben are you coming there as well?", TO_SOMEBODY, id="named-behind-a-greeting"),
        pytest.param(f"{TWO_ASK}ada: ok, Ben, then I will wait there", TO_SOMEBODY, id="named-behind-ok"),
        pytest.param(f"{TWO_ASK}ada: thanks, ben wrote that it is closed", TO_SOMEBODY, id="in-doubt-named"),
        pytest.param(f"{AMONG}ben: ok seedling what about noon on Monday", MEANT, id="the-bot-behind-ok"),
        pytest.param(f"{TWO_ASK}ada: please tell Ben when it is open", MEANT, id="about-somebody-near-the-beginning"),
        pytest.param(f"{TWO_ASK}ada: see you there Ben", TO_SOMEBODY, id="named-at-the-end-of-a-short-one"),
        pytest.param(f"{TWO_ASK}ada: please write down in two lines what you told Ben", MEANT, id="about-somebody"),
        pytest.param(f"{AMONG}ada: at noon then", AMONG_PEOPLE, id="among-people"),
        pytest.param(f"{AMONG}ada: is noon all right?", AMONG_PEOPLE, id="a-question-among-people"),
        pytest.param(f"{AMONG}ben: or at one", AMONG_PEOPLE, id="the-other-among-people"),
        pytest.param(f"{AMONG}ada>bot: is it open at noon?", MEANT, id="a-reply-to-the-bot-calls-it-back"),
        pytest.param(
            f"{AMONG}ada>bot: is it open at noon?\nbot: It is.\nada: and at one?", MEANT, id="called-back-it-goes-on"
        ),
        pytest.param(f"{AMONG}ada: thanks\nada: and when is the pool open?", MEANT, id="thanks-end-a-talk"),
        pytest.param(f"{ONE}ben: I can do it on Monday", AMONG_PEOPLE, id="who-joins-in"),
        pytest.param(f"{ONE}ben: and on Sundays?", MEANT, id="who-joins-in-and-asks"),
        pytest.param(f"{AMONG}ben: Seedling what about noon", MEANT, id="by-its-name"),
        pytest.param(f"{AMONG}ben: hey @seedling, noon as well", MEANT, id="by-its-name-in-the-middle"),
        pytest.param(f"{ONE}ada: and Mondays?\nben: why?", AMONG_PEOPLE, id="who-asks-below-a-person"),
        pytest.param(f"{ONE}ben: nice weather\nben: is it not?", AMONG_PEOPLE, id="in-doubt-among-many"),
        pytest.param(
            f"{ONE}ben: I can do it on Monday\nbot: It is closed on Monday.\nben: at noon",
            MEANT,
            id="whom-the-bot-answered",
        ),
        pytest.param(f"{TWO_ASK}ada: thanks Ben", TO_SOMEBODY, id="thanks-to-a-person"),
    ],
)
def test_among_more_people_it_depends_on_whom_one_talks_with(script: str, expected: str) -> None:
    assert judged(script) == expected


def test_who_left_long_ago_is_no_longer_among_them() -> None:
    said = Utterance(speaker="ada", name="Ada", text="Ben, hello")
    assert reason_for_silence(said, talk(TWO_ASK)) == TO_SOMEBODY
    assert reason_for_silence(said, [*talk(TWO_ASK), *talk(ONE) * (TALK_LENGTH // 2)]) == MEANT


def test_a_nickname_is_enough_after_it_a_colon() -> None:
    before = [*talk(ONE), Utterance(speaker="U2", name="randabis-laptop", text="hi all")]
    for text, reason in (
        ("randabis: hello", TO_SOMEBODY),
        ("rand: hello", TO_SOMEBODY),
        ("random thoughts on it", MEANT),
    ):
        assert reason_for_silence(Utterance(speaker="ada", name="Ada", text=text), before) == reason


# ---------------------------------------------------------------- what always holds

SPEAKERS = ("ada", "ben", "cyd")
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["thanks", "why?", "ben: no", "@cyd yes", "ok Ada", "and now", ":)", "```x", "a@b.c", "<:x:1>"]),
)
UTTERANCES = st.builds(
    lambda speaker, text, to: Utterance(speaker=speaker, name=speaker.title(), text=text, addressees=to),
    st.sampled_from(SPEAKERS),
    TEXTS,
    st.frozensets(st.sampled_from((BOT, *SPEAKERS)), max_size=2),
) | st.builds(lambda text: Utterance(speaker=BOT, text=text), TEXTS)
TALKS = st.lists(UTTERANCES, max_size=TALK_LENGTH + 8)


@given(before=TALKS, speaker=st.sampled_from(SPEAKERS), text=TEXTS)
def test_the_same_talk_is_judged_the_same_and_only_its_end_counts(
    before: list[Utterance], speaker: str, text: str
) -> None:
    said = Utterance(speaker=speaker, name=speaker.title(), text=text)
    reason = reason_for_silence(said, before)
    assert reason in {MEANT, TO_SOMEBODY, TO_A_BOT, REACTION, AMONG_PEOPLE}
    assert reason_for_silence(said, tuple(before)) == reason
    assert reason_for_silence(said, before[-TALK_LENGTH:]) == reason


@given(before=TALKS, speaker=st.sampled_from(SPEAKERS), text=TEXTS)
def test_whoever_mentions_only_somebody_else_is_not_answered(before: list[Utterance], speaker: str, text: str) -> None:
    said = Utterance(speaker=speaker, text=text, addressees=frozenset({"dan"}))
    assert reason_for_silence(said, before) == TO_SOMEBODY
    by_text = Utterance(speaker=speaker, text=f"@dan {text}")
    assume("@" not in text)
    assert reason_for_silence(by_text, before) == TO_SOMEBODY


@given(before=TALKS, speaker=st.sampled_from(SPEAKERS), text=TEXTS)
def test_whoever_means_the_bot_is_answered_unless_it_is_a_reaction(
    before: list[Utterance], speaker: str, text: str
) -> None:
    said = Utterance(speaker=speaker, text=text, addressees=frozenset({BOT, "dan"}))
    assert reason_for_silence(said, before) in {MEANT, REACTION}


@given(text=st.text(min_size=1, max_size=30), before=st.lists(st.builds(lambda text: text, TEXTS), max_size=5))
def test_a_single_person_is_only_passed_over_for_a_reaction_or_a_name(text: str, before: list[str]) -> None:
    said = [Utterance(speaker=who, name="Ada", text=item) for item in before for who in ("ada", BOT)]
    assume("@" not in text)
    assert reason_for_silence(Utterance(speaker="ada", name="Ada", text=text), said) in {MEANT, REACTION, TO_A_BOT}


# ---------------------------------------------------------------- as the policy uses it


@pytest.mark.parametrize(
    ("text", "said", "action"),
    [
        pytest.param("and on Sundays?", {}, Action.ANSWER, id="goes-on"),
        pytest.param("thanks", {}, Action.CONTEXT, id="thanks"),
        pytest.param("thanks", {"is_directed": True}, Action.ANSWER, id="mentioned-anyway"),
        pytest.param("lunch?", {"addressees": frozenset({"U9"})}, Action.CONTEXT, id="to-somebody"),
        pytest.param("lunch?", {"addressees": frozenset({"U9"}), "is_directed": True}, Action.ANSWER, id="to-both"),
        pytest.param("", {"attachments": (Attachment(id="F", name="a.png", media_type="image/png", size=1, url=""),)},
                     Action.ANSWER, id="a-picture"),
    ],
)  # fmt: skip
def test_the_policy_asks_the_rules_where_follow_ups_are_auto(text: str, said: dict[str, Any], action: Action) -> None:
    asked = incoming(text, **{"is_directed": False, "is_top_level": False, **said})
    known = PolicyState(
        has_participated=True, parameters={"follow_ups": "auto"}, talk=talk(ONE.replace("ada", asked.author.id))
    )
    became = decide(asked, known)
    assert became.action is action
    assert bool(became.reason) is (action is Action.CONTEXT)
    assert decide(replace(asked, is_directed=False), replace(known, has_participated=False)).action is Action.IGNORE


def test_the_other_ways_look_at_no_talk() -> None:
    thanks = incoming("thanks", is_directed=False)
    for way, action in (("always", Action.ANSWER), ("mentioned", Action.CONTEXT), ("off", Action.CONTEXT)):
        assert (
            decide(thanks, PolicyState(has_participated=True, parameters={"follow_ups": way}, talk=talk(ONE))).action
            is action
        )


@pytest.mark.parametrize(
    ("own_name", "text"),
    [
        ("Helper", "helper, is it open at noon?"),
        ("Helper", "Helper what about noon"),
        ("Garden Helper", "Garden Helper, is it open at noon?"),
        ("Garden Helper", "@garden helper: at noon?"),
        ("", "bot, is it open at noon?"),
        ("Helper", "bot: is it open at noon?"),
    ],
)
def test_the_bot_is_called_by_the_name_that_it_has_there(own_name: str, text: str) -> None:
    said = Utterance(speaker="ben", name="Ben", text=text)
    assert reason_for_silence(said, talk(AMONG), own_name=own_name) == MEANT


@pytest.mark.parametrize("text", ["Garden doors are open", "bots are fun", "bot was down at noon", "a helper would do"])
def test_what_only_looks_like_its_name_calls_nobody(text: str) -> None:
    said = Utterance(speaker="ben", name="Ben", text=text)
    assert reason_for_silence(said, talk(AMONG), own_name="Garden Helper") == AMONG_PEOPLE


# ---------------------------------------------------------------- words that are no names, and yes to a question


def _talk(answer: str, *others: Utterance) -> list[Utterance]:
    asked = Utterance(speaker="a", name="Ada", text="why?")
    return [asked, *others, Utterance(speaker=BOT, text=answer, addressees=frozenset({"a"}))]


@pytest.mark.parametrize(
    "text",
    [
        "why does @media not work in print?",
        "And what does @Override do?",
        "how do I install @types/node",
        "cron takes @daily, too",
    ],
)
def test_an_at_sign_in_code_calls_nobody(text: str) -> None:
    assert reason_for_silence(Utterance(speaker="a", name="Ada", text=text), _talk("Fine.")) == ""


@pytest.mark.parametrize("text", ["@Ben what do you think?", " @ben, and you?", "@Ada @Ben shall we?"])
def test_an_unknown_name_at_the_beginning_calls_somebody(text: str) -> None:
    assert reason_for_silence(Utterance(speaker="a", name="Ada", text=text), _talk("Fine.")) == TO_SOMEBODY


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Can Yilmaz", "Can you explain that in one sentence?"),
        ("Will", "Will it freeze?"),
        ("May Lin", "May I prune them now?"),
        ("Max", "Max 200 words please, or is that too short?"),
        ("The Boss", "The second half as well?"),
    ],
)
def test_somebody_named_like_a_word_silences_nobody(name: str, text: str) -> None:
    joined = Utterance(speaker="c", name=name, text="hello", addressees=frozenset({BOT}))
    assert reason_for_silence(Utterance(speaker="a", name="Ada", text=text), _talk("Fine.", joined)) == ""
    called = Utterance(speaker="a", name="Ada", text=f"{name.split(maxsplit=1)[0]}, what do you say?")
    assert reason_for_silence(called, _talk("Fine.", joined)) == TO_SOMEBODY


@pytest.mark.parametrize(
    "text", ["ok", "Perfect!", "\U0001f44d", "\U0001f44d\U0001f3fd", ":+1:", "klar", "vale", "\ub124"]
)
def test_yes_to_what_the_bot_asked_is_answered(text: str) -> None:
    said = Utterance(speaker="a", name="Ada", text=text)
    assert reason_for_silence(said, _talk("Shall I write the rest as well?")) == ""
    assert reason_for_silence(said, _talk("I wrote the rest as well.")) == REACTION


@pytest.mark.parametrize("text", ["yes thanks", "Yes, thank you!", "ja, danke"])
def test_yes_with_thanks_answers_what_the_bot_asked(text: str) -> None:
    said = Utterance(speaker="a", name="Ada", text=text)
    assert reason_for_silence(said, _talk("Shall I write the rest as well?")) == ""
    assert reason_for_silence(said, _talk("I wrote the rest as well.")) == REACTION


@pytest.mark.parametrize("text", ["thanks!", "ah", "haha", "\U0001f602", "no, thank you", "nein danke"])
def test_thanks_and_laughs_answer_no_question(text: str) -> None:
    said = Utterance(speaker="a", name="Ada", text=text)
    assert reason_for_silence(said, _talk("Shall I write the rest as well?")) == REACTION


@pytest.mark.parametrize("text", ["\u2753", "\u2754", "\u2049\ufe0f", ":question:"])
def test_a_question_mark_of_any_kind_asks(text: str) -> None:
    assert reason_for_silence(Utterance(speaker="a", name="Ada", text=text), _talk("Fine.")) == ""
