"""After a case was closed: the goodbye, two questions, and who reads what the family writes next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.dialogue.content import Content
from tests.desk.world import QUEUE, World

ANNA = "!anna"


async def closed(content: Content) -> World:
    """A family whose case Frau berg has just closed."""
    made = World(content)
    await made.member("see")
    case = await made.taken(ANNA)
    assert case.place is not None
    await made.staff("berg", case.place.chat, "/schließen geklärt")
    await made.pump()
    return made


def last(world: World, chat: str) -> str:
    return world.platform.texts(chat)[-1]


async def test_goodbye_two_questions_and_the_menu(content: Content) -> None:
    world = await closed(content)
    assert await world.owner(ANNA) == "closed"
    said = "\n".join(world.platform.texts(ANNA)[-2:])
    assert "ist beendet. Ab jetzt schreibe wieder ich" in said
    assert "Hat Ihnen das Gespräch geholfen?" in said
    for answer in ("ja", "überspringen"):
        await world.family(ANNA, answer)
        await world.pump()
    assert "Danke. Ich bin wieder für Sie da." in "\n".join(world.platform.texts(ANNA)[-2:])
    assert await world.owner(ANNA) == "closed", "answers to the bot's own questions call nobody"
    facts = {fact.name: dict(fact.values) for fact in world.store._facts}
    assert facts["desk_helped"] == {"answer": "yes"}
    assert "desk_again" not in facts or facts["desk_again"].get("answer") in ("", None)


@pytest.mark.parametrize("text", ["menü", "danke", "Wie viel Besuchszeit hat man im Monat?"])
async def test_what_the_bot_is_sure_of_it_answers_itself(content: Content, text: str) -> None:
    world = await closed(content)
    await world.family(ANNA, text)
    await world.pump()
    assert await world.owner(ANNA) == "closed"
    assert (await world.desk()).queue() == []


async def test_after_a_complaint_nobody_suggests_who_it_was_about(content: Content) -> None:
    world = await closed(content)
    for who in ("berg", "see"):
        await world.staff(who, QUEUE, "/da")
    for text in ("Beschwerde", "Sie hat mich ausgelacht.", "Mensch"):
        await world.family(ANNA, text)
        await world.pump()
    card = world.platform.texts(QUEUE)[-1]
    assert "see" in card
    assert "berg" not in card
    assert "ausgelacht" not in "".join(world.platform.texts(QUEUE))


async def test_a_new_message_opens_the_same_case_for_the_same_counsellor(content: Content) -> None:
    world = await closed(content)
    world.now += timedelta(days=29)
    await world.staff("see", QUEUE, "/da")
    await world.staff("berg", QUEUE, "/da")
    before = world.platform.texts(QUEUE)
    await world.family(ANNA, "Gestern ist bei uns alles wieder anders geworden als gedacht")
    await world.pump()
    desk = await world.desk()
    assert len(desk.cases) == 1
    (case,) = desk.queue()
    assert (case.reason, case.last) == ("again", "berg")
    assert await world.owner(ANNA) == "queue"
    assert "an **Frau berg** aus der Beratung weitergegeben" in last(world, ANNA)
    shown = "\n".join(world.platform.texts(QUEUE)[len(before) :])
    assert "schreibt nach dem Abschluss wieder" in shown
    assert "Vorschlag: Frau berg (kennt den Fall)" in shown
    assert "🔁 **Frau berg**" in shown
    await world.staff("berg", QUEUE, "nehmen")
    await world.pump()
    case = desk.cases[case.code]
    taken = (await world.desk()).cases[case.code]
    assert taken.counsellor == "berg"
    assert taken.place is not None
    assert "alles wieder anders geworden" in "\n".join(world.platform.texts(taken.place.chat))
    assert world.breaches == []


async def test_after_thirty_days_the_bot_answers_again(content: Content) -> None:
    world = await closed(content)
    world.now += timedelta(days=31)
    await world.family(ANNA, "Gestern ist bei uns alles wieder anders geworden als gedacht")
    await world.pump()
    assert await world.owner(ANNA) == "bot"
    assert (await world.desk()).queue() == []
    await world.family(ANNA, "Mensch")
    await world.pump()
    desk = await world.desk()
    (case,) = desk.queue()
    assert case.last == "", "a new matter: nobody is bound to it"
    assert len(desk.cases) == 2
