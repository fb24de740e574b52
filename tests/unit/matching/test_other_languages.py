"""Short questions in other languages, as people type them, find their topic in the real knowledge.

None of them stands there word for word. What is not answered at once is at least offered.
"""

from __future__ import annotations

import pytest

from bot.dialogue.content import Content

CAREGIVERS = {
    "visit.opening_hours": [
        "görüş hangi gün",
        "ziyaret kacta basliyor",
        "الزيارة أي يوم",
        "свидания по каким дням",
        "побачення в які дні",
        "o ktorej widzenie",
        "when are visiting hours",
        "po kakim dnyam svidaniya",
    ],
    "visit.apply": [
        "kocama ziyarete gitmek istiyorum",
        "بدي زور جوزي بالسجن",
        "хочу на свидание к мужу",
        "хочу відвідати чоловіка",
        "chce odwiedzic syna",
        "i want to visit my brother",
        "hochu na svidanie k muzhu",
    ],
    "contact.money": [
        "para nasil gonderilir",
        "كيف ابعت مصاري لجوزي",
        "как отправить деньги",
        "надіслати гроші чоловікові",
        "wyslac mezowi pieniadze",
        "how to send money",
        "kak poslat dengi muzhu",
    ],
    "contact.phone": [
        "kocam arayabilir mi",
        "في يتصل فينا",
        "он может позвонить",
        "він може подзвонити",
        "czy maz moze zadzwonic",
        "is he allowed to call",
        "mann darf telefon",
    ],
    "contact.parcels": [
        "paket olur mu",
        "بصير ابعت طرد",
        "принимают посылки",
        "приймають посилки",
        "czy wolno paczke",
        "can i send a package",
    ],
    "prison.how_long": [
        "kocam kac yil yatar",
        "ايمتى رح يطلع",
        "когда мужа выпустят",
        "коли чоловік вийде",
        "kiedy maz wyjdzie",
        "when does he get out",
        "kogda on vyydet",
    ],
    "prison.lawyer": [
        "avukat nasıl bulurum",
        "كيف لاقي محامي",
        "как найти адвоката",
        "як знайти адвоката",
        "skad wziac adwokata",
        "how to find a lawyer",
        "wo finden anwalt",
    ],
    "prison.where": [
        "oğlum hangi hapiste",
        "وين اخدو جوزي",
        "куда увезли мужа",
        "куди забрали чоловіка",
        "gdzie zabrali meza",
        "where is my husband",
        "gde moy muzh",
    ],
    "money.rent": [
        "kirayı ödeyemem",
        "كيف بدفع الاجار",
        "нечем платить аренду",
        "нема грошей на оренду",
        "nie zaplace czynszu",
        "i cant pay the rent",
        "kann nix miete zahlen",
    ],
    "family.tell_child": [
        "cocuga nasil soylerim",
        "شو بقول لابني",
        "как сказать сыну",
        "як сказати синові",
        "co powiedziec corce",
        "what do i say to my daughter",
    ],
    "bot.human": [
        "biriyle konusmak istiyorum",
        "بدي احكي مع شخص",
        "хочу поговорить с человеком тут",
        "хочу поговорити з людиною тут",
        "chce pogadac z czlowiekiem",
        "can i talk to a person",
    ],
}
CHILDREN = {
    "child.where": [
        "babam su an nerede",
        "وين راح ابي",
        "где мой папа",
        "де мій тато",
        "gdzie jest moj tata",
        "where is my dad now",
    ],
    "child.when_home": [
        "babam ne zaman gelir",
        "ايمتى رح يرجع بابا",
        "когда папа приедет",
        "коли тато повернеться додому",
        "kiedy tata przyjdzie",
        "when does daddy come back",
    ],
    "child.feel_sad": [
        "babamı çok özledim",
        "كتير مشتاق لبابا",
        "я скучаю по маме",
        "я сумую за мамою",
        "tesknie za mama",
        "i really miss mum",
    ],
    "child.can_visit": [
        "anneme gitmek istiyorum",
        "بدي شوف ماما",
        "хочу к маме",
        "хочу побачити тата",
        "chce do mamy",
        "i wanna see my dad",
    ],
    "child.no_visit": [
        "oraya gitmek istemiyorum",
        "ما بدي روح عالسجن",
        "не хочу туда ехать",
        "не хочу туди їхати",
        "nie chce tam jechac",
        "i dont wanna go there",
    ],
    "child.sleep": [
        "gece uyuyamiyorum",
        "ما عم اقدر نام",
        "не могу уснуть",
        "не можу заснути",
        "nie moge zasnac",
        "i cant sleep at night",
    ],
}


@pytest.mark.parametrize(
    ("audience", "topic", "text"),
    [
        (audience, topic, text)
        for audience, topics in (("caregiver", CAREGIVERS), ("child", CHILDREN))
        for topic, texts in topics.items()
        for text in texts
    ],
)
def test_a_short_question_finds_its_topic(content: Content, audience: str, topic: str, text: str) -> None:
    assert content.index is not None
    found = content.index.find(text, audience=audience)
    shown = {"answer": 1, "clarify": 3}.get(found.outcome, 0)
    assert topic in [one.topic for one in found.candidates[:shown]]
