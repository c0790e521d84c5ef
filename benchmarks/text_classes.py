"""Texts of every class that people paste: made up from a seed, so that each run counts the same ones."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits
from typing import Final

LINES: Final = 120

WORDS: Final = (
    "batch",
    "cache",
    "deploy",
    "event",
    "index",
    "model",
    "order",
    "queue",
    "retry",
    "server",
    "shard",
    "stream",
    "tenant",
    "token",
    "user",
    "worker",
)
SCRIPTS: Final[Mapping[str, str]] = {
    "German": "Wir haben gestern Abend lange über die Umstellung gesprochen und uns darauf geeinigt, dass die alte "
    "Datenbank noch bis Ende des Monats läuft. Wer danach noch Zugriff braucht, soll sich bitte rechtzeitig melden.\n",
    "French": "Nous avons discuté hier soir du changement de serveur et décidé de garder l'ancienne base jusqu'à la "
    "fin du mois. Ceux qui en ont encore besoin doivent le dire à temps, pour que personne ne soit surpris.\n",
    "Spanish": "Anoche hablamos mucho tiempo sobre la migración del servidor y decidimos que la base de datos antigua "
    "seguirá funcionando hasta fin de mes. Quien todavía necesite acceso que lo diga a tiempo.\n",
    "Dutch": "Gisteravond hebben we lang gesproken over het verhuizen van de server en besloten dat de oude database "
    "tot het einde van de maand blijft draaien. Wie nog toegang nodig heeft, moet dat op tijd zeggen.\n",
    "Polish": "Wczoraj wieczorem długo rozmawialiśmy o przeniesieniu serwera i zdecydowaliśmy, że stara baza danych "
    "będzie działać do końca miesiąca. Kto jeszcze potrzebuje dostępu, niech zgłosi to wcześniej.\n",
    "Czech": "Včera večer jsme dlouho mluvili o přesunu serveru a rozhodli jsme se, že stará databáze poběží do konce "
    "měsíce. Kdo ještě potřebuje přístup, ať se ozve včas.\n",
    "Finnish": "Eilen illalla puhuimme pitkään palvelimen siirtämisestä ja päätimme, että vanha tietokanta toimii kuun "
    "loppuun asti. Ne, jotka vielä tarvitsevat pääsyn, ilmoittakoot siitä ajoissa.\n",
    "Estonian": "Eile õhtul arutasime pikalt serveri kolimist ja otsustasime, et vana andmebaas töötab kuu lõpuni. "
    "Kes veel ligipääsu vajab, andku sellest õigeaegselt teada.\n",
    "Swahili": "Mkutano wetu ulichelewa kwa sababu watu wengi hawakupata kiungo. Tafadhali tuma ujumbe kwenye "
    "kikundi mapema, na uandike pia ajenda ili kila mmoja ajiandae. Nimejaribu programu mpya na inafanya "
    "kazi vizuri kwenye simu yangu, lakini kwenye kompyuta inasimama mara kwa mara.\n",
    "Indonesian": "Rapat kita terlambat karena banyak orang tidak menerima tautan. Tolong kirim pesan ke grup lebih "
    "awal dan tuliskan juga agendanya supaya semua bisa bersiap. Saya sudah mencoba aplikasi baru, di "
    "telepon berjalan baik, tetapi di komputer sering berhenti.\n",
    "Somali": "Kulanku waa soo daahay sababtoo ah dad badan ma helin xiriirka. Fadlan farriinta u dir kooxda ka hor"
    " oo qor ajandaha si qof walba u diyaar garoobo. Waxaan tijaabiyey barnaamijka cusub, telefoonka si "
    "fiican ayuu ugu shaqeeyaa.\n",
    "Zulu": "Umhlangano uqale sekwephuzile ngoba abantu abaningi abawutholanga umyalezo. Sicela uthumele "
    "kusenesikhathi eqenjini futhi ubhale nohlelo ukuze wonke umuntu akwazi ukuzilungiselela.\n",
    "Romanian": "Sedinta a inceput tarziu pentru ca multi nu primisera legatura. Va rog trimiteti mesajul grupului "
    "mai devreme si scrieti si ordinea de zi, ca toata lumea sa se poata pregati. Am incercat aplicatia "
    "noua si pe telefon merge bine.\n",
    "Tagalog": "Nahuli ang pulong dahil marami ang hindi nakatanggap ng link. Pakiusap ipadala nang mas maaga ang "
    "mensahe sa grupo at isulat din ang mga paksa upang makapaghanda ang lahat. Sinubukan ko ang bagong "
    "aplikasyon at maayos ito sa telepono.\n",
    "Chinese": "昨天晚上我们讨论了很久关于服务器迁移的事情。最后决定旧的数据库继续运行到月底。"
    "还需要访问权限的人请提前告知。这样就不会有人感到意外。\n",
    "Japanese": "昨夜はサーバーの移行について長く話し合い、古いデータベースは月末まで動かし続けることにしました。"
    "まだアクセスが必要な人は早めに知らせてください。\n",
    "Korean": "어젯밤 우리는 서버 이전에 대해 오랫동안 이야기했고 "
    "기존 데이터베이스를 월말까지 계속 운영하기로 결정했습니다.\n",
    "Thai": "เมื่อคืนนี้เราคุยกันนานเรื่องการย้ายเซิร์ฟเวอร์ และตัดสินใจว่าฐานข้อมูลเดิมจะทำงานต่อไปจนถึงสิ้นเดือน "
    "ใครที่ยังต้องการสิทธิ์เข้าถึงกรุณาแจ้งล่วงหน้า\n",
    "Hindi": "कल शाम हमने सर्वर बदलने के बारे में काफी देर तक बात की और तय किया कि पुराना डेटाबेस महीने के अंत तक चलता रहेगा। "
    "जिन लोगों को अभी भी पहुँच की ज़रूरत है, वे कृपया समय पर बता दें।\n",
    "Russian": "Вчера вечером мы долго обсуждали перенос сервера и решили, что старая база данных будет работать до "
    "конца месяца. Кому ещё нужен доступ, пусть сообщит заранее.\n",
    "Greek": "Χθες το βράδυ συζητήσαμε πολλή ώρα τη μεταφορά του διακομιστή και αποφασίσαμε ότι η παλιά βάση "
    "δεδομένων θα λειτουργεί μέχρι το τέλος του μήνα.\n",
    "Hebrew": "אתמול בערב דיברנו זמן רב על העברת השרת והחלטנו שמסד הנתונים הישן ימשיך לפעול עד סוף החודש.\n",
    "Arabic": "تحدثنا مساء أمس طويلا عن نقل الخادم وقررنا أن تستمر قاعدة البيانات القديمة في العمل حتى نهاية الشهر.\n",
}


def texts(answers: Sequence[str], chat: Sequence[str], *, seed: int = 7) -> Mapping[str, str]:
    """Return a text of each class by its name, from recorded answers and messages, and made up with `seed`."""
    plain = [text for text in answers if "`" not in text and "|" not in text and not re.search(r"\d\d|[\\=$]", text)]
    found = {
        "prose": "\n\n".join(plain),
        "chat": "\n".join(chat),
        "code": "\n".join(part for text in answers for part in re.findall(r"```.*?```", text, re.DOTALL)),
    }
    random = Random(seed)
    made = {name: "\n".join(line(random) for _ in range(LINES)) for name, line in MADE.items()}
    return {**found, **made, **{name: text * 3 for name, text in SCRIPTS.items()}}


def _numbers(random: Random) -> str:
    return f"{random.randrange(10**8)} {random.uniform(-999, 999):.3f} +49 {random.randrange(10**9)}"


def _identifiers(random: Random) -> str:
    snake, capitals, camel = (random.choices(WORDS, k=3) for _ in range(3))
    ticket = f"{random.choice(('PROJ', 'OPS', 'WEB'))}-{random.randrange(100, 99_999)}"
    return f"{'_'.join(snake)} {'_'.join(capitals).upper()} {camel[0]}{''.join(map(str.title, camel[1:]))} {ticket}"


def _ids(random: Random) -> str:
    return " ".join("U0" + "".join(random.choices(ascii_uppercase + digits, k=9)) for _ in range(4))


def _letters(random: Random) -> str:
    return "".join(random.choices(ascii_lowercase, k=40))


def _base64(random: Random) -> str:
    return base64.b64encode(random.randbytes(57)).decode()


def _key(random: Random) -> str:
    return random.choice(("ghp_", "sk-proj-", "xoxb-")) + "".join(random.choices(ascii_letters + digits, k=36))


def _hexadecimal(random: Random) -> str:
    return random.choice((str.lower, str.upper))(random.randbytes(32).hex())


def _uuid(random: Random) -> str:
    return str(uuid.UUID(bytes=random.randbytes(16)))


def _table(random: Random) -> str:
    name, ms, share = random.choice(WORDS), random.uniform(1, 999), random.uniform(0, 9)
    return f"| {random.randrange(999)} | {name}-{random.randrange(99)} | eu-west-1 | {ms:.1f} ms | {share:.2f} % |"


def _csv(random: Random) -> str:
    amount = f"{random.uniform(1, 999):.2f}"
    return f"2026-11-{random.randrange(1, 29):02},{random.randrange(10**6)},{amount},EUR,{random.choice(WORDS)}"


def _log(random: Random) -> str:
    time = f"2026-11-27T15:{random.randrange(60):02}:{random.randrange(60):02}.{random.randrange(1_000):03}Z"
    address = ".".join(str(random.randrange(256)) for _ in range(4))
    what = f"{random.choice(WORDS)}.{random.choice(WORDS)} request_id={random.randbytes(8).hex()}"
    return f"{time} {random.choice(('INFO', 'WARN'))} {what} from {address} took {random.randrange(9_999)} ms"


def _json(random: Random) -> str:
    message = f"{random.choice(WORDS)} {random.choice(WORDS)} done"
    return json.dumps({"level": "info", "msg": message, "trace": random.randbytes(8).hex(), "took": random.random()})


def _address(random: Random) -> str:
    first, *path = random.choices(WORDS, k=4)
    return f"https://{first}.example.com/{'/'.join(path)}?page={random.randrange(99)}&id={random.randrange(10**6)}"


def _label(random: Random) -> str:
    zone, name = random.choice(("CET", "UTC", "UTC+3")), random.choice(("Ada", "Grace Hopper", "Miriam"))
    return f"[Fri 2026-11-27 {random.randrange(24):02}:{random.randrange(60):02} {zone}] {name}: ok"


MADE: Final[Mapping[str, Callable[[Random], str]]] = {
    "numbers": _numbers,
    "identifiers": _identifiers,
    "ids": _ids,
    "letters": _letters,
    "base64": _base64,
    "keys": _key,
    "hexadecimal": _hexadecimal,
    "UUIDs": _uuid,
    "tables": _table,
    "CSV": _csv,
    "logs": _log,
    "JSON": _json,
    "addresses": _address,
    "labels": _label,
}
