"""The diary of feelings: every entry with its own lifetime, only in the child's part, seen by nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.dialogue.diary import ENTRY, MOST
from bot.dialogue.session import Part, Session, Slot, slots_end
from bot.service import export
from bot.service.profile import profile_of
from bot.testing.talk import START, Talk

SECRET = "Blumenkohl im Mondschein"
DAY = timedelta(days=1)


@pytest.fixture
def talk(content: Content) -> Talk:
    """A child of eight on its mother's phone."""
    parts = {"adult": Part(audience="caregiver"), "child": Part(audience="child", band="6-9")}
    return Talk(content, Session(consent=content.consent_version, active="child", parts=parts))


def write(talk: Talk, feeling: str = "1", words: str = SECRET) -> None:
    """One entry, without a reminder."""
    if len(talk.session.part.frames) == 0:
        talk.say("tagebuch")
    if entries(talk):
        talk.say("eintragen")
    for answer in (feeling, "4", "1, 2", words):
        talk.say(answer)
    talk.say("stopp")


def entries(talk: Talk, part: str = "child") -> dict[str, Slot]:
    return {name: slot for name, slot in talk.session.parts[part].slots.items() if name.startswith(ENTRY)}


def test_an_entry_is_one_slot_of_the_childs_part(talk: Talk) -> None:
    write(talk)
    (slot,) = entries(talk).values()
    rows = ("feeling=sad", "feeling_place=belly", "feeling_helped=hug", "feeling_helped=draw", f"diary_words={SECRET}")
    assert slot.value == rows
    assert slot.keep == "30d"
    assert entries(talk, "adult") == {}


def test_each_entry_goes_after_thirty_days_of_its_own(talk: Talk) -> None:
    write(talk)
    talk.advance(20 * DAY)
    write(talk, "2", "der zweite")
    first, second = sorted(entries(talk))
    assert slots_end(talk.session) == entries(talk)[first].at + 30 * DAY.total_seconds()
    talk.advance(10 * DAY)
    talk.say("tagebuch")
    assert list(entries(talk)) == [second], "read after thirty days: only what is younger"


def test_there_is_an_end_to_how_many_are_kept(talk: Talk) -> None:
    full = {
        f"{ENTRY}{int(START.timestamp()) - number}": Slot(("feeling=sad",), "30d", START.timestamp())
        for number in range(MOST)
    }
    talk.session.part.slots = full
    oldest = min(full)
    write(talk)
    assert len(entries(talk)) == MOST
    assert oldest not in entries(talk)


def test_the_mother_finds_nothing_of_it(talk: Talk) -> None:
    write(talk)
    talk.say("ja")
    said = talk.say("erwachsene")
    for words in ("tagebuch", "mein gefühls-tagebuch", "was weißt du über mich", "wiederholen", "zurück"):
        said += talk.say(words)
    assert not any(SECRET in reply.text or "Gespürt" in reply.text for reply in said)
    mine = json.dumps(export.data_of(talk.session, "adult", (), talk.now), ensure_ascii=False)
    assert SECRET not in mine
    assert ENTRY not in mine
    assert SECRET in json.dumps(export.data_of(talk.session, "child", (), talk.now), ensure_ascii=False)


def test_no_counsellor_is_shown_an_entry(talk: Talk) -> None:
    write(talk)
    talk.session.part.slots = {**talk.session.part.slots, "land": Slot("BY", "30d", talk.now.timestamp())}
    assert profile_of(talk.session)["slots"] == [["land", "BY"]]


def test_the_diary_keeps_no_transcript(content: Content) -> None:
    assert not content.flows["diary"].transcript


def test_the_reminder_takes_no_answer_along(talk: Talk) -> None:
    for answer in ("tagebuch", "1", "4", "1", SECRET, "ja"):
        talk.say(answer)
    (reminder,) = talk.session.reminders.values()
    assert reminder.part == "child"
    assert not any(name in ("feeling", "feeling_place", "feeling_helped", "diary_words") for name, _ in reminder.values)
    assert SECRET not in str(reminder)
    assert "sad" not in str(reminder.values)


def test_the_reminder_comes_by_day_waits_while_the_mother_has_the_phone_and_comes_once(talk: Talk) -> None:
    for answer in ("tagebuch", "1", "4", "1", "überspringen", "ja"):
        talk.say(answer)
    talk.say("erwachsene")
    assert not any(reply.source == "step:diary.again" for reply in talk.advance(2 * DAY))
    talk.say("mein kind schreibt jetzt")
    heard = [
        reply for _ in range(48) for reply in talk.advance(timedelta(hours=1)) if reply.source == "step:diary.again"
    ]
    assert len(heard) == 1
    assert talk.session.reminders == {}


def test_without_a_yes_nobody_is_reminded(talk: Talk) -> None:
    for answer in ("tagebuch", "1", "4", "1", "überspringen", "nein"):
        talk.say(answer)
    assert talk.session.reminders == {}
    assert talk.advance(3 * DAY) == []


def test_what_a_child_typed_is_no_markup_and_old_answers_stay_readable(talk: Talk) -> None:
    stamp = int(START.timestamp()) - 60
    kept = ("feeling=vanished", "nonsense", "diary_words=**fett** [x](https://example.org)")
    talk.session.part.slots = {f"{ENTRY}{stamp}": Slot(kept, "30d", float(stamp))}
    talk.say("tagebuch")
    said = "\n".join(reply.text for reply in talk.say("ansehen"))
    assert "vanished" in said
    assert r"\*\*fett\*\*" in said
    (file,) = [effect for effect in talk.last if isinstance(effect, fx.MakeFile)]
    assert file.description.startswith("Gesichter der letzten sieben Tage.")
    assert "vanished" in file.description


def test_forgetting_takes_the_diary_along(talk: Talk) -> None:
    write(talk)
    for words in ("vergiss mich", "ja"):
        talk.say(words)
    assert all(not part.slots for part in talk.session.parts.values())


def test_a_child_that_speaks_another_language_hears_the_pictures_in_it(talk: Talk) -> None:
    (german,) = {
        one.description
        for step in talk.content.flows["diary"].steps
        if step.name == "feeling"
        for one in step.attachments
    }
    talk.content = replace(talk.content, catalogs={"tr": {german: "Altı yüz"}})
    talk.session.language = "tr"
    shown = [one for reply in talk.say("tagebuch") for one in reply.attachments]
    assert [one.description for one in shown] == ["Altı yüz"]
