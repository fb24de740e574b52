"""Laws of the desk: one voice, no leak, nobody forgotten, one winner; and its table in the README."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

from bot.desk.table import STATES, TABLE
from bot.dialogue.content import Content
from tests.desk.world import QUEUE, World, at

EVENTS = 10_000 if os.environ.get("KAVI_TEST_LONG") else int(os.environ.get("KAVI_TEST_EVENTS", "250"))
FAMILIES = [f"!f{number}" for number in range(6)]
TEAM = ["berg", "tal", "see", "wald"]
WORDS = [
    "ich will nicht mehr leben",
    "menü",
    "stopp",
    "1",
    "ja",
    "bot",
    "schnell weg",
    "beschwerde",
    "vergiss mich",
    "was weißt du über mich",
]
ORDERS = (
    "/abgeben", "/schließen geklärt", "/zurücklegen", "/ablauf first-visit", "/übergeben Frau tal", "/übergeben Frau wald",
    "/annehmen", "/ablehnen", "/zurückholen", "/entwurf notiz-im-entwurf", "/verwerfen", "/weg", "/da",
)  # fmt: skip
README = Path(__file__).parents[2] / "bot" / "README.md"


async def make_world(content: Content) -> World:
    world = World(content)
    for name in TEAM:
        await world.member(name, *(("counsellor", "supervisor") if name == "wald" else ("counsellor",)))
    for chat in FAMILIES:
        await world.begin(chat)
    await world.pump()
    return world


async def step(world: World, chance: random.Random, number: int) -> None:
    """One random thing that a family or a counsellor does; every text carries who wrote it and what it is."""
    desk = await world.desk()
    chat, who = chance.choice(FAMILIES), chance.choice(TEAM)
    cases = [case for case in desk.cases.values() if case.place is not None or chance.random() < 0.2]
    case = chance.choice(cases) if cases else None
    if case is not None and case.counsellor and chance.random() < 0.8:
        who = case.counsellor  # mostly those who may, so that much is said
    room = case.place.chat if case is not None and case.place is not None else QUEUE
    links = [link for link in case.links if link.staff] if case is not None else []
    target = chance.choice(links).staff if links else "$none"
    match chance.randrange(24):
        case 0 | 1 | 2 | 3:
            await world.family(chat, f"wort-{chat}-{number}")
        case 4 | 5:
            await world.family(chat, "Mensch")
        case 6:
            await world.family(chat, chance.choice(WORDS))
        case 7:
            await world.event(chat, chat, chance.choice(["left", "undecryptable"]))
        case 8:
            await world.event(
                chat, chat, "edit", text=f"wort-{chat}-{number}", relates_to=f"$f{chance.randrange(1, number + 9)}"
            )
        case 9 | 10 | 11:
            await world.staff(who, QUEUE, f"nehmen {case.code}" if case is not None else "nehmen")
        case 12 | 13 | 21 | 22:
            said = await world.staff(who, room, f">> hinaus-{case.conversation if case else ''}-{number}")
            world.said.append((said, room, case.conversation if case else ""))
        case 14:
            await world.staff(who, room, f"hinaus-{case.conversation if case else ''}-{number}", reply_to=target)
        case 15 | 16:
            world.said.append((await world.staff(who, room, f"notiz-{number}"), room, "note"))
        case 17 | 18:
            await world.staff(who, room, chance.choice(ORDERS))
        case 19 if world.said:
            said, there, whose = chance.choice(world.said[-30:])
            text = f">> notiz-{number}" if whose == "note" else f">> hinaus-{whose}-{number}"
            await world.event(there, who, "edit", text=text, relates_to=said, verified=True, private=False)
        case 20 if room != QUEUE and chance.random() < 0.3:
            world.platform.gone.add(room)
        case _:
            await world.wait(timedelta(minutes=chance.choice([1, 12, 50, 400])), chance)


async def test_random_days_at_the_desk_break_no_law(content: Content) -> None:
    chance = random.Random(int(os.environ.get("KAVI_TEST_SEED", "7")))
    world = await make_world(content)
    for number in range(EVENTS):
        await step(world, chance, number)
        await world.pump(chance)
        if number % 100 == 99:
            await agree(world)
    assert world.breaches == []
    ids = {world.store.conversation_id(at(chat)): chat for chat in FAMILIES}
    seen: set[str] = set()
    for chat in FAMILIES:
        texts = world.platform.texts(chat)
        assert not any("notiz-" in text for text in texts), "a note left the desk"
        for text in texts:
            assert not any(f"wort-{other}" in text for other in FAMILIES if other != chat), "another family's words"
            if "hinaus-" in text:
                assert ids[text.partition("hinaus-")[2].rpartition("-")[0]] == chat, "words for another family"
                assert text not in seen, "said twice"
                seen.add(text)
    assert len(seen) > EVENTS / 200, "hardly anything was said: the test is blind"


async def agree(world: World) -> None:
    """Family's lane and desk say the same owner, and nobody who waits is without a clock."""
    desk = await world.desk(stored=True)
    timers = {name for _, name in world.store._timers}
    for chat in FAMILIES:
        case = desk.case_of(world.store.conversation_id(at(chat)))
        owner = await world.owner(chat)
        if case is None:
            assert owner in ("bot", "closed")
            continue
        assert (owner in ("bot", "closed")) == (case.owner in ("bot", "closed")), (owner, case.owner, case.lent)
        if case.owner == "queue":
            assert owner == "queue"
            assert case.waits >= 3 or any(name.startswith(f"waiting|{case.code}|{case.epoch}") for name in timers)
        if case.owner == "counsellor":
            assert f"silent|{case.code}|{case.epoch}" in timers
    assert "watchdog" in timers


async def test_of_twenty_who_want_a_case_one_gets_it(content: Content) -> None:
    world = World(content)
    cases = 500 if os.environ.get("KAVI_TEST_LONG") else 25
    people = [f"p{number}" for number in range(20)]
    for name in people:
        await world.member(name)
    for number in range(cases):
        await world.begin(f"!g{number}")
        await world.family(f"!g{number}", "Mensch")
    await world.pump()
    waiting = (await world.desk()).queue()
    assert len(waiting) == cases
    chance = random.Random(3)
    for case in waiting:
        for name in chance.sample(people, len(people)):
            await world.staff(name, QUEUE, f"nehmen {case.code}")
    await world.pump()
    desk = await world.desk()
    assert all(case.owner == "counsellor" for case in desk.cases.values())
    for number in range(cases):
        assert sum("Jetzt" in text or "Ab jetzt schreibt" in text for text in world.platform.texts(f"!g{number}")) == 1
    answers = world.platform.texts(QUEUE)
    assert sum("ist bei Ihnen. Gleich öffnet" in text for text in answers) == cases
    assert sum("hat Frau" in text and "übernommen." in text for text in answers) == cases * 19
    assert world.breaches == []


def test_every_event_has_a_meaning_in_every_state_and_the_readme_shows_it() -> None:
    head = "| event | " + " | ".join(STATES) + " |\n|---|" + "---|" * len(STATES) + "\n"
    rows = [f"| {kind} | " + " | ".join(row[state] for state in STATES) + " |" for kind, row in TABLE.items()]
    drawn = head + "\n".join(rows) + "\n"
    text = README.read_text()
    begin, end = "<!-- desk table -->\n", "<!-- end of desk table -->\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    if os.environ.get("KAVI_TEST_DRAW"):
        README.write_text(before + begin + drawn + end + after)
    assert before + begin + drawn + end + after == README.read_text(), (
        "draw it anew: KAVI_TEST_DRAW=1 pytest tests/desk"
    )
