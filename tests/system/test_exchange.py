"""A referral from the first word to the last: professional, family and service, each in its own chat on one store."""

from __future__ import annotations

from bot.dialogue.content import Content
from bot.service.conversations import Conversations
from bot.service.exchange import load
from bot.service.forgetting import erase_everywhere
from bot.testing.talk import START
from tests.system.town import NEED, Town


async def test_from_need_to_first_contact_both_sides_see_every_step(town: Town) -> None:
    code = await town.refer("prison")
    assert town.news("service") == "", "before the family agrees the service hears nothing"
    assert "benachrichtigt" in await town.agree(code, "vormittags unter 0641 1234")
    assert f"Anfrage {code}" in town.news("service")
    assert NEED in town.news("service")
    assert "0641 1234" not in town.news("service"), "how the family can be reached is told when the service accepts"
    assert "zugestimmt" in town.news("prison")
    await town.say("service", "später")
    assert "gesehen" in town.news("prison")
    await town.say("service", "vermittlungen")
    await town.say("service", "annehmen")
    heard = await town.say("service", "Kommen Sie dienstags ab 15 Uhr vorbei.")
    assert "0641 1234" in heard
    assert "Kommen Sie dienstags ab 15 Uhr vorbei." in town.news("mother")
    assert "Angenommen" in town.news("prison")
    await town.say("service", "vermittlungen")
    await town.say("service", "erster kontakt war")
    assert "erste Kontakt" in town.news("prison")
    await town.say("service", "vermittlungen")
    await town.say("service", "abgeschlossen")
    assert "abgeschlossen" in town.news("mother").lower()
    assert not (await load(town.store)).needs, "the words are gone when it is over"
    steps = {
        dict(one.values)["step"] for one in await town.store.tallies("2026-W01", "2027-W52") if one.name == "referral"
    }
    assert steps == {"offered", "sent", "seen", "accepted", "met", "closed"}


async def test_a_family_says_no_and_the_service_never_hears_of_it(town: Town) -> None:
    code = await town.refer("prison")
    await town.say("mother", "vermittlungscode")
    await town.say("mother", code)
    assert "bekommt nichts" in await town.say("mother", "nein")
    assert town.news("service") == ""
    assert "möchte diese Vermittlung nicht" in town.news("prison")
    await town.say("stranger", "vermittlungscode")
    assert "gilt nicht mehr" in await town.say("stranger", code)


async def test_a_family_takes_its_consent_back(town: Town) -> None:
    await town.agree(await town.refer("prison"))
    assert "bestehen bleiben" in await town.say("mother", "vermittlungen")
    await town.say("mother", "nein, zurücknehmen")
    assert "zurückgenommen" in town.news("service")
    assert "zurückgenommen" in town.news("prison")
    assert not (await load(town.store)).needs


async def test_a_family_that_is_erased_takes_its_words_along(town: Town) -> None:
    code = await town.refer("prison")
    await town.agree(code)
    await erase_everywhere(town.store, town.store.conversation_id(town.address("mother")), town.now)
    await town.wait(minutes=5)
    assert "zurückgenommen" in town.news("service")
    assert not (await load(town.store)).needs
    await town.say("service", "vermittlungen")
    assert NEED not in town.news("service")


async def test_a_silent_service_is_reminded_and_then_everybody_is_told(town: Town) -> None:
    await town.agree(await town.refer("prison"))
    await town.wait(days=4)
    assert NEED in town.news("service")
    await town.wait(days=7)
    assert "nicht geantwortet" in town.news("mother")
    assert "Frist ist um" in town.news("prison")
    assert (await load(town.store)).needs == {}


async def test_a_code_that_nobody_uses_expires(town: Town) -> None:
    code = await town.refer("prison")
    await town.wait(days=4)
    assert "noch nicht eingegeben" in town.news("prison")
    await town.wait(days=11)
    assert "Frist ist um" in town.news("prison")
    await town.say("mother", "vermittlungscode")
    assert "gilt nicht mehr" in await town.say("mother", code)


async def test_who_tries_out_codes_has_to_wait(town: Town) -> None:
    code = await town.refer("prison")
    for number in range(6):
        await town.say("stranger", "vermittlungscode")
        heard = await town.say("stranger", f"AAAA000{number}")
    assert "in einer Stunde" in heard
    await town.say("stranger", "vermittlungscode")
    assert "in einer Stunde" in await town.say("stranger", code), "not even the right one now"
    await town.wait(hours=2)
    await town.say("stranger", "vermittlungscode")
    assert NEED in await town.say("stranger", code)


async def test_a_full_service_says_no_and_only_the_professional_learns_why(town: Town) -> None:
    await town.agree(await town.refer("prison"))
    await town.say("service", "ablehnen")
    await town.say("service", "kein platz")
    assert "kein Platz" in town.news("prison")
    assert "kann zurzeit leider nicht helfen" in town.news("mother")
    assert "kein Platz" not in town.news("mother")


async def test_of_two_colleagues_the_first_answer_counts(town: Town) -> None:
    await town.institution("A1", "Treff am Fluss", "office")
    await town.agree(await town.refer("prison"))
    assert NEED in town.news("office")
    await town.say("office", "ablehnen")
    await town.say("office", "nicht zuständig")
    await town.say("service", "annehmen")
    assert "schon beendet" in await town.say("service", "Wir freuen uns auf Sie, Telefon folgt.")
    assert "Wir freuen uns" not in town.news("mother")


async def test_two_services_get_only_what_is_meant_for_them(town: Town) -> None:
    await town.institution("B2", "Haus am Berg", "other", kinds=["Beratung"], laender=["BY"])
    code = await town.refer("office", "Bayern")
    await town.agree(code)
    assert NEED in town.news("other")
    assert town.news("service") == ""
    assert "keine Vermittlung" in await town.say("service", "vermittlungen")
    heard = await town.say("mother", "vermittlungen")
    assert "Haus am Berg" in heard


async def test_nobody_fits_and_nothing_is_kept(town: Town) -> None:
    for text in ("vermitteln", "Saarland", "beratung", "6 bis 9", "wenn Platz ist", NEED):
        heard = await town.say("prison", text)
    assert "keine Stelle" in heard
    known = await load(town.store)
    assert not known.referrals
    assert not known.needs


async def test_a_service_pauses_and_is_asked_again_after_sixty_days(town: Town) -> None:
    await town.say("service", "meine einrichtung")
    await town.say("service", "zurzeit bitte keine")
    for text in ("vermitteln", "Hessen", "beratung", "6 bis 9", "wenn Platz ist", NEED):
        heard = await town.say("prison", text)
    assert "keine Stelle" in heard
    await town.wait(days=61)
    assert "Stimmt das noch?" in town.news("service")
    await town.say("service", "ja")
    await town.refer("prison")


async def test_news_waits_for_the_morning(town: Town) -> None:
    code = await town.refer("prison")
    town.now = START.replace(hour=21, minute=30)  # half past ten in Berlin
    await town.agree(code)
    assert town.news("service") == ""
    await town.wait(hours=11)
    assert NEED in town.news("service")


async def test_two_processes_take_turns_and_keep_no_words_in_memory(town: Town, content: Content) -> None:
    processes = [town.conversations, Conversations(content, town.store)]
    code = await town.refer("prison")
    for number, who, text in (
        (0, "mother", "vermittlungscode"), (1, "mother", code), (0, "mother", "ja"), (0, "mother", "überspringen"),
        (1, "service", "annehmen"), (1, "service", "Kommen Sie dienstags ab 15 Uhr vorbei."),
    ):  # fmt: skip
        town.conversations = processes[number]
        heard = await town.say(who, text)
    assert "ich gebe es weiter" in heard
    assert "dienstags ab 15 Uhr" in town.news("mother")
    for one in processes:
        kept = one._exchange._kept if one._exchange is not None else None
        assert kept is not None
        assert not kept.needs
