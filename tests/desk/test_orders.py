"""Every order that staff can give: its help, its main effect, and what it says when it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.commands import TABLE, Command, help_text
from bot.desk.orders import HANDLERS
from bot.desk.state import ROLES
from bot.dialogue import events as family
from tests.desk.shift import BERG, LEGAL, SEE, WALD, Shift

# ------------------------------------------------------------------ what each order does


def take(shift: Shift) -> None:
    case = shift.asks()
    shift.says(BERG, "nehmen")
    assert shift.case().counsellor == BERG
    assert f"Fall {case.code} ist bei Ihnen" in shift.shown()
    assert [one.alias for one in shift.told(family.Claimed)] == ["Frau Berg"]  # type: ignore[union-attr]
    shift.says(SEE, f"/übernehmen {case.code}")
    assert f"Fall {case.code} hat Frau Berg übernommen" in shift.shown()
    assert shift.case().counsellor == BERG


def release(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(SEE, "/abgeben", room)
    assert "hat Frau Berg. Es ist nichts geschehen" in shift.shown(room)
    shift.says(BERG, "abgeben", room)
    assert shift.case().owner == "bot"
    assert shift.told(family.Released)


def queue(shift: Shift) -> None:
    shift.says(BERG, "/warteschlange")
    assert shift.shown() == "Niemand wartet."
    case = shift.asks()
    shift.says(BERG, "wer wartet")
    assert case.code in shift.shown()


def requeue(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/zurücklegen Dienstschluss", room)
    assert shift.case().owner == "queue"
    assert shift.told(family.Requeued)
    assert any(isinstance(one, fx.Audit) and "Dienstschluss" in one.line for one in shift.effects)


def transfer(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben", room)
    assert "An wen?" in shift.shown(room)
    assert "Herr See" in shift.shown(room)
    shift.says(BERG, "/übergeben Herr See", room)
    assert shift.case().offered == SEE
    assert shift.case().counsellor == BERG, "until it is accepted it stays where it is"
    shift.says(BERG, "/übergeben Rechtsteam", room)
    assert shift.case().owner == "queue"
    assert shift.case().team == "recht"
    assert shift.case().code in shift.shown(LEGAL), "its card stands in the other team's room"


def accept(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.says(WALD, f"/annehmen {case.code}")
    assert "wird Ihnen gerade nicht angeboten" in shift.shown()
    shift.says(SEE, "/annehmen")
    assert shift.case().counsellor == SEE
    assert "Dieser Raum wird geschlossen" in shift.shown(room)


def decline(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/übergeben Herr See", room)
    shift.says(SEE, "/ablehnen")
    assert shift.case().counsellor == BERG
    assert "kann Fall" in shift.shown(room)
    shift.says(SEE, "/ablehnen")
    assert "kein Fall angeboten" in shift.shown()


def close(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/schließen", room)
    assert "Wie ist der Fall ausgegangen?" in shift.shown(room)
    shift.presses(BERG, f"{case.code}.close", 0, room)
    assert (shift.case().owner, shift.case().outcome) == ("closed", "geklärt")
    assert shift.told(family.Closed)
    shift.says(BERG, "/schließen", room)
    assert "gilt für einen Fall" in shift.shown(room), "the room belongs to no case any more"


def note(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/notiz hat zwei Kinder", room)
    assert shift.case().notes[-1].text == "hat zwei Kinder"
    assert shift.marks() == ["📝"]
    assert not shift.told(family.CounsellorSaid)


def draft(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/entwurf Guten Tag", room)
    assert "Entwurf" in shift.shown(room)
    assert [one.text for one in shift.case().drafts] == ["Guten Tag"]
    assert not shift.told(family.CounsellorSaid)


def send(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "senden", room)
    assert "kein Entwurf" in shift.shown(room)
    shift.says(BERG, "/entwurf Guten Tag", room)
    shift.says(BERG, "senden", room)
    assert [one.text for one in shift.told(family.CounsellorSaid)] == ["Guten Tag"]  # type: ignore[union-attr]
    assert shift.marks() == ["📤", "✅"]
    assert shift.case().drafts == ()


def discard(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/entwurf Guten Tag", room)
    shift.says(BERG, "verwerfen", room)
    assert shift.case().drafts == ()
    assert not shift.told(family.CounsellorSaid)


def history(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/verlauf 5", room)
    (asked,) = [one for one in shift.effects if isinstance(one, fx.ShowHistory)]
    assert (asked.place, asked.conversation, asked.limit) == (room, "anna", 5)


def notes(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "notizen", room)
    assert "keine Notizen" in shift.shown(room)
    shift.says(BERG, "ruft morgen an", room)
    shift.says(BERG, "notizen", room)
    assert "Frau Berg: ruft morgen an" in shift.shown(room)


def canned(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/vorlagen", room)
    assert "/vorlage gruss" in shift.shown(room)
    assert "alt" not in shift.shown(room), "its time is over"
    assert "/vorlage kind`" not in shift.shown(room), "it is for children"
    shift.says(BERG, "/vorlage gruss", room)
    assert [one.text for one in shift.case().drafts] == ["Guten Tag, hier ist Frau Berg."]
    assert not shift.told(family.CounsellorSaid)


def flow(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/ablauf", room)
    assert "/ablauf first-visit" in shift.shown(room)
    shift.says(BERG, "/ablauf first-visit", room)
    assert (shift.case().owner, shift.case().lent) == ("bot", "first-visit")
    assert [one.back for one in shift.told(family.FlowStarted)] == [True]  # type: ignore[union-attr]
    shift.says(BERG, ">> halt", room)
    assert "führt der Bot den Ablauf" in shift.shown(room), "one voice"
    shift.writes("", kind="flow_done")
    assert (shift.case().owner, shift.case().counsellor) == ("counsellor", BERG)
    assert case.code == shift.case().code


def hold(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "zurückholen", room)
    assert "kein Ablauf" in shift.shown(room)
    shift.says(BERG, "/ablauf first-visit", room)
    shift.says(BERG, "zurückholen", room)
    assert (shift.case().owner, shift.case().lent) == ("counsellor", "")


def topic(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/thema ausw", room)
    assert "/thema visit.id" in shift.shown(room)
    shift.says(BERG, "/thema visit.id", room)
    assert [one.topic for one in shift.told(family.TopicSent)] == ["visit.id"]  # type: ignore[union-attr]
    assert shift.marks() == ["📤", "✅"]


def ask(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/frage Passt Dienstag?", room)
    assert "So geht es" in shift.shown(room)
    shift.says(BERG, "/frage Passt Dienstag? | Ja | Nein", room)
    (said,) = shift.told(family.CounsellorSaid)
    assert (said.text, said.choices) == ("Passt Dienstag?", ("Ja", "Nein"))  # type: ignore[union-attr]
    shift.writes("Ja", kind="pressed")
    assert "☑️ Ja" in shift.shown(room)


def remind(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/erinnere irgendwann", room)
    assert "So geht es" in shift.shown(room)
    shift.says(BERG, "/erinnere mich in 30m Rückruf", room)
    assert "in 30 Minuten" in shift.shown(room)
    shift.wait(minutes=29)
    assert "Rückruf" not in shift.shown(room)
    shift.wait(minutes=1)
    assert "Rückruf" in shift.shown(room)


def delete(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/löschen", room)
    assert "keine Nachricht" in shift.shown(room)
    shift.says(BERG, ">> falsch", room)
    link = shift.case().links[-1]
    shift.says(BERG, "/löschen", room)
    assert [(one.message, one.text) for one in shift.told(family.CounsellorEdited)] == [(link.family, None)]  # type: ignore[union-attr]
    assert f"Ich lösche bei {shift.case().alias}: „falsch“." in shift.shown(room)


def label(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/label Schule", room)
    assert shift.case().labels == ("Schule",)
    assert "Schule" in shift.shown(), "the card shows it"
    shift.says(BERG, "/stichwort Schule", room)
    assert shift.case().labels == ()


def merge(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    other = shift.asks("bruder")
    shift.says(BERG, "/zusammenführen", room)
    assert "Welcher Fall?" in shift.shown(room)
    shift.says(BERG, f"/zusammenführen {other.code}", room)
    joined = shift.case("bruder")
    assert (joined.counsellor, joined.place, joined.merged) == (BERG, room, case.code)
    shift.writes("ich bin auch da", "bruder")
    assert "ich bin auch da" in shift.shown(room)
    answered = shift.case("bruder").links[-1].staff
    shift.says(BERG, "Hallo Bruder", room, reply_to=answered)
    (tell,) = [one for one in shift.effects if isinstance(one, fx.Tell)]
    assert tell.conversation == "bruder", "an answer goes to the one who was answered"
    shift.says(BERG, ">> Hallo Anna", room)
    (tell,) = [one for one in shift.effects if isinstance(one, fx.Tell)]
    assert tell.conversation == "anna"


def block(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "/sperren", room)
    assert "mit Grund" in shift.shown(room)
    shift.says(BERG, "/sperren beleidigt", room)
    assert shift.case().owner == "bot"
    assert any(isinstance(one, fx.Audit) and "beleidigt" in one.line for one in shift.effects)
    shift.asks()
    assert shift.case().owner == "bot", "asking again calls nobody"
    assert shift.told(family.Released), "and the person is told that the bot goes on"
    shift.asks(urgency="urgent", reason="safety")
    assert shift.case().owner == "queue", "an emergency goes through"


def unblock(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/sperren beleidigt", room)
    shift.says(BERG, f"/entsperren {case.code}")
    assert "Fachleitung vorbehalten" in shift.shown()
    shift.says(WALD, f"/entsperren {case.code}")
    shift.asks()
    assert shift.case().owner == "queue"


def knows(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, f"/kenne {case.code}")
    assert shift.case().owner == "queue"
    shift.says(BERG, f"nehmen {case.code}")
    assert "diese Familie zu kennen" in shift.shown()
    assert room != shift.case().place


def protect(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "/kinderschutz", room)
    assert "Kinderschutz 1/2" in shift.shown(room)
    assert "§ 34 StGB" in shift.shown(room)
    shift.presses(BERG, f"{case.code}.check", 0, room)
    assert "Kinderschutz 2/2" in shift.shown(room)
    assert "§ 4 Abs. 3 KKG" in shift.shown(room)
    shift.presses(BERG, f"{case.code}.check", 0, room)
    assert "Prüfliste beendet" in shift.shown(room)


def seen(shift: Shift) -> None:
    alert = shift.alarm()
    code = shift.case().code
    assert "Alarm: Suizidgedanken" in shift.shown()
    shift.says(BERG, f"/gesehen {code}")
    assert [one.alert for one in shift.effects if isinstance(one, fx.SeeAlert)] == [alert]
    shift.says(SEE, f"/gesehen {code}")
    assert "kein Alarm offen" in shift.shown()


def on_duty(shift: Shift) -> None:
    shift.asks()
    shift.says(BERG, "da")
    assert shift.desk.members[BERG].presence == "da"
    assert "Eine Familie wartet" in shift.shown()


def pause(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    shift.says(BERG, "pause")
    assert shift.desk.members[BERG].presence == "pause"
    assert shift.case().counsellor == BERG
    other = shift.asks("bruder")
    assert "Vorschlag: Frau Berg" not in shift.shown(), f"{other.code} is suggested to nobody who rests"
    assert case.code


def off_duty(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    shift.says(BERG, "weg")
    assert shift.desk.members[BERG].presence == "weg"
    assert case.code in shift.shown(), "her open cases are named"


def cases(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    shift.says(SEE, "/fälle")
    assert shift.shown() == "Sie haben keine offenen Fälle."
    shift.says(BERG, "meine fälle")
    assert case.code in shift.shown()


def handover(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(BERG, "Rückruf um drei", room)
    waiting = shift.asks("bruder")
    shift.says(BERG, "/schichtübergabe")
    rows = shift.shown().split("\n")
    assert len(rows) == 2
    assert any(case.code in row and "Rückruf um drei" in row for row in rows)
    assert any(waiting.code in row for row in rows)
    shift.says(BERG, "/schichtübergabe Herr Niemand")
    assert "nicht im Team" in shift.shown()
    shift.says(BERG, "/schichtübergabe Herr See")
    assert shift.case().offered == SEE
    shift.presses(SEE, f"{case.code}.offer", 0)
    assert shift.case().counsellor == SEE


def stats(shift: Shift) -> None:
    shift.asks()
    shift.wait(minutes=10)
    _, room = shift.taken(BERG)
    shift.says(BERG, ">> Guten Tag", room)
    shift.says(BERG, "statistik")
    assert "1 übernommen, 0 geschlossen, 1 Nachrichten, 1 offen" in shift.shown()
    assert "etwa 10 Minuten" in shift.shown()


def everything(shift: Shift) -> None:
    case, _ = shift.taken(BERG)
    shift.writes("Hallo?")
    shift.wait(minutes=30)
    shift.says(BERG, "/alle")
    assert "Fachleitung vorbehalten" in shift.shown()
    shift.says(WALD, "/alle")
    assert f"🔺 `{case.code}`" in shift.shown(), "who waits too long for an answer is marked"
    assert "Alter etwa 30 Minuten" in shift.shown()


def assign(shift: Shift) -> None:
    case, room = shift.taken(BERG)
    shift.says(WALD, f"/zuweisen {case.code} Herr See")
    assert "So geht es" in shift.shown(), "a reason is needed"
    shift.says(WALD, f"/zuweisen {case.code} Herr See Krankheit")
    assert shift.case().counsellor == SEE
    assert "Krankheit" in shift.shown(room)
    assert any(isinstance(one, fx.Audit) and "Krankheit" in one.line for one in shift.effects)


def drill(shift: Shift) -> None:
    shift.says(BERG, "/übung")
    assert "Fachleitung vorbehalten" in shift.shown()
    shift.says(WALD, "/übung")
    assert "ÜBUNG" in shift.shown()
    assert "ÜBUNG" in shift.shown(LEGAL)
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)], "no family hears of it"
    shift.wait(minutes=10)
    assert "noch nicht bestätigt (Stufe 1)" in shift.shown()
    shift.presses(BERG, "drill", 0)
    assert "hat nach 600 Sekunden bestätigt" in shift.shown()
    shift.wait(minutes=60)
    assert "ÜBUNG" not in shift.shown()


def link(shift: Shift) -> None:
    shift.member("Neu", link=False)
    shift.says("neu", "/da")
    assert "Ich kenne Sie hier nicht" in shift.shown()
    shift.says("neu", "/anmelden falsch")
    assert "gilt nicht" in shift.shown()
    shift.says("neu", "/anmelden neu-code")
    assert "Willkommen, Neu" in shift.shown()
    assert [one.user for one in shift.effects if isinstance(one, fx.TrustIdentity)] == ["neu"]
    shift.says("andere", "/anmelden neu-code")
    assert "gilt nicht" in shift.shown(), "a code is good once"


def help_(shift: Shift) -> None:
    shift.says(BERG, "hilfe")
    assert "`/nehmen [CODE]`" in shift.shown()
    assert "/zuweisen" not in shift.shown(), "supervisors' orders are not offered to others"
    shift.says(WALD, "/hilfe")
    assert "/zuweisen" in shift.shown()
    shift.says(BERG, "/hilfe frage")
    assert shift.shown() == "`/frage FRAGE | ANTWORT | ANTWORT` Stellt eine Frage mit Auswahl."


def listen(shift: Shift) -> None:
    shift.says(BERG, "anhören")
    assert shift.shown() == "Gerade wartet keine Aufnahme."
    shift.give(ev.VoiceCame(at=shift.now, id="r1", voice="voice-r1", kind="story", group="child", family="anna"))
    code = next(iter(shift.desk.reviews))
    shift.says(BERG, f"/anhören {code}")
    assert [one.blob for one in shift.effects if isinstance(one, fx.Show) and one.blob] == ["voice-r1"]


def let_out(shift: Shift) -> None:
    shift.says(BERG, "freigeben")
    assert "/freigeben CODE" in shift.shown()
    _, room = shift.taken(BERG)
    shift.says(BERG, "freigeben", room)
    assert shift.case().owner == "bot", "in a case's room it still gives the case back"
    listen(shift)
    shift.says(BERG, f"/freigeben {next(iter(shift.desk.reviews))}")
    assert [one for one in shift.effects if isinstance(one, fx.Judge)] == [fx.Judge(id="r1", released=True)]


EFFECTS: Mapping[str, Callable[[Shift], None]] = {
    "anhören": listen, "freigeben": let_out,
    "nehmen": take, "abgeben": release, "warteschlange": queue, "zurücklegen": requeue, "übergeben": transfer,
    "annehmen": accept, "ablehnen": decline, "schließen": close, "notiz": note, "entwurf": draft, "senden": send,
    "verwerfen": discard, "verlauf": history, "notizen": notes, "vorlagen": canned, "ablauf": flow, "zurückholen": hold,
    "thema": topic, "frage": ask, "erinnere": remind, "löschen": delete, "label": label, "zusammenführen": merge,
    "sperren": block, "entsperren": unblock, "kenne": knows, "kinderschutz": protect, "gesehen": seen, "da": on_duty,
    "pause": pause, "weg": off_duty, "fälle": cases, "schichtübergabe": handover, "statistik": stats, "alle": everything,
    "zuweisen": assign, "übung": drill, "anmelden": link, "hilfe": help_,
}  # fmt: skip


@pytest.mark.parametrize("command", TABLE, ids=lambda one: one.name)
def test_an_order_does_what_its_help_says(shift: Shift, command: Command) -> None:
    EFFECTS[command.name](shift)
    assert len(command.help) > 10
    assert command.help.endswith(".")
    assert command.help in help_text(ROLES)


def test_every_order_has_a_handler() -> None:
    assert {one.name for one in TABLE} == set(HANDLERS) == set(EFFECTS)


@pytest.mark.parametrize("command", [one for one in TABLE if one.where == "case"], ids=lambda one: one.name)
def test_an_order_for_a_case_says_so_elsewhere(shift: Shift, command: Command) -> None:
    case, _ = shift.taken(BERG)
    shift.says(BERG, f"/{command.name} etwas | ja | nein")
    assert shift.shown() == f"`/{command.name}` gilt für einen Fall. Bitte schreiben Sie das in dessen Raum."
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)]
    assert shift.case().counsellor == BERG
    assert case.notes == ()


@pytest.mark.parametrize(
    ("said", "meant"),
    [("/abgebn", "abgeben"), ("!schliesen", "schließen"), ("/übrgeben Frau Berg", "übergeben"), ("/xyzzy", "")],
)
def test_an_unknown_order_gets_a_suggestion(shift: Shift, said: str, meant: str) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, said, room)
    assert "kenne ich nicht" in shift.shown(room)
    assert (f"Meinten Sie `/{meant}`" in shift.shown(room)) == bool(meant)
    assert not [one for one in shift.effects if isinstance(one, fx.Tell)]
    assert shift.case().owner == "counsellor"


def test_orders_are_told_from_notes_by_their_sign(shift: Shift) -> None:
    _, room = shift.taken(BERG)
    shift.says(BERG, "ich muss das heute noch abgeben", room)
    assert shift.case().owner == "counsellor"
    assert shift.case().notes[-1].text == "ich muss das heute noch abgeben"
