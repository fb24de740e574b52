"""Contact persons of institutions: entered, confirmed and removed by those who joined, read by professionals with their date."""

from __future__ import annotations

from bot.exchange.contacts import CONFIRM_DAYS, GRACE_DAYS
from bot.service.exchange import load, remove_institution
from bot.service.pump import pump
from tests.system.town import NEED, Town

LONG = "Mo-Do 8-12 Uhr, Fr 8-11 Uhr, nachmittags nach Vereinbarung, Besuche bitte vorher telefonisch anmelden"
MAIL = "familien@jva-kassel1.justiz.hessen.de"


async def house(town: Town, who: str = "office") -> None:
    """A prison whose person has joined; it takes no referrals."""
    await town.institution("P1", "JVA Kassel I", who, laender=["HE"], prison="he-jva-kassel-i")


async def enter(town: Town, who: str = "office", *answers: str) -> str:
    """Enters a contact; what is heard after the last answer."""
    heard = await town.say(who, "ansprechperson eintragen")
    for answer in answers or ("Familienbeauftragte", "0561 9286-0", MAIL, "werktags vormittags"):
        heard = await town.say(who, answer)
    return heard


async def test_entered_by_its_own_people_and_read_with_its_date(town: Town) -> None:
    await house(town)
    heard = await enter(town)
    assert "So lesen es Fachkräfte" in heard
    for asked in (("ansprechperson finden", "Hessen"), ("gefängnis suchen", "Kassel", "egal")):
        for text in asked:
            heard = await town.say("prison", text)
        assert "**JVA Kassel I: Familienbeauftragte**" in heard
        assert "0561 9286-0 · " in heard
        assert "Stand 24.11.2026, von der Einrichtung selbst angegeben." in heard
    await enter(town, "service", "Sozialdienst", "069 1234567", "keine", "keine")
    for text in ("vermitteln", "Hessen", "beratung", "6 bis 9", "in den nächsten Wochen", NEED):
        heard = await town.say("prison", text)
    assert "**Treff am Fluss: Sozialdienst**" in heard
    assert "JVA Kassel I" not in heard, "a house without an offer takes no referrals"


async def test_what_cannot_be_right_is_asked_kindly_and_nothing_is_lost(town: Town) -> None:
    await house(town)
    heard = await enter(town, "office", "Frau Müller", "0561 9286-0", "anna@gmx.de", "werktags")
    assert "noch keine Funktion" in heard
    heard = await town.say("office", "Sozialdienst")
    assert "privaten Adresse" in heard
    assert "E-Mail-Adresse „sozialdienst at jva“ kann so nicht stimmen" in await town.say(
        "office", "sozialdienst at jva"
    )
    assert "So lesen es Fachkräfte" in await town.say("office", MAIL)
    assert "Telefonnummer „12“ kann so nicht stimmen" in await enter(
        town, "office", "Besuchsabteilung", "12", "keine", "-"
    )
    assert "kann niemand die Stelle erreichen" in await town.say("office", "keine")
    assert "trage nichts ein" in await town.say("office", "überspringen")
    assert "zu viele Worte" in await enter(town, "office", "Besuchsabteilung", "0561 9286-0", "keine", LONG)
    assert "0561 9286-0 · montags" in await town.say("office", "montags")
    contacts = (await load(town.store)).institutions["P1"].contacts
    assert [one.function for one in contacts] == ["Sozialdienst", "Besuchsabteilung"]


async def test_asked_after_four_months_confirmed_changed_and_removed(town: Town) -> None:
    await house(town)
    await enter(town)
    await enter(town, "office", "Sozialdienst", "0561 9286-20", "keine", "keine")
    await town.wait(days=CONFIRM_DAYS + 1)
    heard = town.news("office")
    assert "Familienbeauftragte" in heard
    assert "Stimmt das noch?" in heard
    heard = await town.say("office", "ja, stimmt noch")
    assert "Sozialdienst" in heard, "the next one that is old"
    heard = await town.say("office", "ändern")
    assert "Welche **Funktion**" in heard
    for text in ("überspringen", "0561 9286-21", "überspringen", "überspringen"):
        heard = await town.say("office", text)
    assert "**JVA Kassel I: Sozialdienst**" in heard
    assert "0561 9286-21" in heard
    await town.say("office", "ansprechpersonen pflegen")
    heard = await town.say("office", "entfernen")
    assert "Sozialdienst" in heard
    assert "durchgesehen" in await town.say("office", "ja")
    assert [one.function for one in (await load(town.store)).institutions["P1"].contacts] == ["Sozialdienst"]


async def test_what_nobody_confirms_is_marked_as_old(town: Town) -> None:
    await house(town)
    await enter(town)
    await town.wait(days=CONFIRM_DAYS + GRACE_DAYS + 1)
    await town.say("prison", "ansprechperson finden")
    heard = await town.say("prison", "Hessen")
    assert "Stand 24.11.2026, von der Einrichtung selbst angegeben und seitdem **nicht bestätigt**" in heard


async def test_only_those_who_joined_may_change_anything(town: Town) -> None:
    await house(town)
    await enter(town)
    for wish in ("ansprechperson eintragen", "ansprechpersonen pflegen"):
        assert "Einmalcode Ihrer Stelle" in await town.say("stranger2", wish)
        await town.say("stranger2", "stopp")
    await town.say("office", "meine einrichtung")
    await town.say("office", "diesen chat abmelden")
    assert "Einmalcode Ihrer Stelle" in await town.say("office", "ansprechpersonen pflegen"), (
        "who has left is a stranger"
    )
    assert len((await load(town.store)).institutions["P1"].contacts) == 1


async def test_removed_with_the_institution(town: Town) -> None:
    await enter(town, "service", "Sozialdienst", "069 1234567", "keine", "keine")
    code = await town.refer("prison")
    await town.agree(code)
    town.heard.clear()
    await remove_institution(town.store, "A1", town.now)
    await pump(town.store, town.conversations.decide, town.messenger, town.now)
    assert "kann zurzeit leider nicht helfen" in town.news("mother")
    assert "kann nicht annehmen" in town.news("prison")
    known = await load(town.store)
    assert not known.institutions
    assert not known.needs
    await town.say("prison", "ansprechperson finden")
    assert "noch keine Einrichtung" in await town.say("prison", "Hessen")
    assert "Einmalcode Ihrer Stelle" in await town.say("service", "ansprechpersonen pflegen")
