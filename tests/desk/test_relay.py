"""What passes between a family and its counsellor, and how: answers, edits, deletions, reactions, files, a quick exit."""

from __future__ import annotations

import pytest

from bot.desk import effects as fx
from bot.desk import events as ev
from bot.desk.state import Shown
from bot.dialogue import events as family
from bot.dialogue.content import Content
from bot.machines import Place
from tests.desk.shift import BERG, Shift
from tests.desk.world import QUEUE, World


@pytest.fixture
def shift() -> Shift:
    """One counsellor who has the case of a family."""
    made = Shift()
    made.member("Frau Berg")
    made.taken(BERG)
    return made


def room_of(shift: Shift) -> Place:
    place = shift.case().place
    assert place is not None
    return place


def reacts(shift: Shift, message: str, emoji: str) -> None:
    shift.give(
        ev.StaffReacted(at=shift.now, place=room_of(shift), sender=BERG, verified=True, message=message, emoji=emoji)
    )


def edits(shift: Shift, message: str, text: str | None) -> None:
    shift.give(
        ev.StaffEdited(at=shift.now, place=room_of(shift), sender=BERG, verified=True, message=message, text=text)
    )


def test_the_family_has_a_name_without_meaning(shift: Shift) -> None:
    shift.writes("Hallo")
    case = shift.case()
    assert shift.shown(room_of(shift)) == f"{case.alias}: Hallo"
    assert "anna" not in "".join(one.text for one in shift.log if isinstance(one, fx.Show))


def test_answers_keep_what_they_answer_on_both_sides(shift: Shift) -> None:
    asked = shift.writes("Wann ist Besuch?")
    link = shift.case().links[-1]
    shift.says(BERG, "Am Dienstag.", room_of(shift), reply_to=link.staff)
    (said,) = shift.told(family.CounsellorSaid)
    assert said.reply_to == asked  # type: ignore[union-attr]
    answer = shift.case().links[-1]
    shift.writes("Danke!", reply_to=answer.family)
    (shown,) = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert shown.reply_to == answer.staff


def test_a_family_that_edits_shows_both_versions_and_one_that_deletes_none(shift: Shift) -> None:
    message = shift.writes("um drei")
    staff = shift.case().links[-1].staff
    shift.writes("um vier", kind="edit", message=message)
    (shown,) = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert shown.edits == staff
    assert "um vier" in shown.text
    assert "vorher: um drei" in shown.text
    shift.writes("", kind="delete", message=message)
    (shown,) = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert (shown.edits, "um" in shown.text.split("🗑")[0]) == (staff, False)
    assert "von der Familie gelöscht" in shown.text
    assert shift.case().links[-1].text == ""


def test_a_counsellor_edits_and_deletes_what_she_said(shift: Shift) -> None:
    said = shift.says(BERG, ">> Um drei.", room_of(shift))
    at_family = shift.case().links[-1].family
    edits(shift, said, ">> Um vier.")
    assert [(one.message, one.text) for one in shift.told(family.CounsellorEdited)] == [(at_family, "Um vier.")]  # type: ignore[union-attr]
    edits(shift, said, ">> Um vier.")
    assert shift.told(family.CounsellorEdited) == [], "nothing new"
    edits(shift, said, None)
    assert [(one.message, one.text) for one in shift.told(family.CounsellorEdited)] == [(at_family, None)]  # type: ignore[union-attr]


def test_plain_reactions_pass_and_others_stay(shift: Shift) -> None:
    message = shift.writes("Heute war es schön")
    staff = shift.case().links[-1].staff
    reacts(shift, staff, "❤️")
    assert [(one.message, one.emoji) for one in shift.told(family.CounsellorReacted)] == [(message, "❤️")]  # type: ignore[union-attr]
    reacts(shift, staff, "💩")
    assert shift.told(family.CounsellorReacted) == []
    shift.says(BERG, ">> Das freut mich.", room_of(shift))
    said = shift.case().links[-1]
    shift.writes("🙏", kind="reaction", message=said.family)
    (shown,) = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert (shown.reply_to, shown.text.endswith("🙏")) == (said.staff, True)


@pytest.mark.parametrize(
    ("media", "blob", "shown"),
    [
        ("voice", "b1", "🎤 Sprachnachricht"), ("photo", "", "🖼 Bild (nicht gespeichert)"),
        ("location", "", "📍 Ort (nicht übertragen)"), ("contact", "", "👤 Kontakt (nicht übertragen)"),
        ("hologram", "", "Etwas, das hier nicht gezeigt werden kann"),
    ],
)  # fmt: skip
def test_files_are_shown_or_named(shift: Shift, media: str, blob: str, shown: str) -> None:
    shift.writes("", kind="media", media=media, blob=blob)
    assert shown in shift.shown(room_of(shift))
    (effect,) = [one for one in shift.effects if isinstance(one, fx.Show)]
    assert effect.blob == blob


def test_a_file_that_cannot_be_shown_is_named_instead(shift: Shift) -> None:
    case = shift.case()
    report = f'["show", "{case.code}", "x"]'
    lost = Shown("🖼 Bild", family="$a9", kind="media", blob="b1", media="photo")
    shift.desk.cases[case.code].pending = ((report, lost),)
    shift.give(ev.Delivered(at=shift.now, report=report, outcome="refused"))
    assert "die Datei ließ sich hier nicht zeigen" in shift.shown(room_of(shift))


def test_a_quick_exit_takes_the_copies_along_and_warns(shift: Shift) -> None:
    shift.writes("Er liest vielleicht mit")
    staff = shift.case().links[-1].staff
    shift.writes("", kind="quick_exit")
    assert [one.messages for one in shift.effects if isinstance(one, fx.Unshow)] == [(staff,)]
    assert "Bitte schreiben Sie erst, wenn sie wieder schreibt" in shift.shown(room_of(shift))


def test_everything_of_a_family_that_has_itself_erased_goes(shift: Shift) -> None:
    shift.writes("Bitte alles löschen")
    room, staff = room_of(shift), shift.case().links[-1].staff
    shift.give(ev.Forgotten(at=shift.now, conversation="anna"))
    assert shift.desk.cases == {}
    assert [one.messages for one in shift.effects if isinstance(one, fx.Unshow)] == [(staff,)]
    assert "hat alles löschen lassen" in shift.shown(room)
    assert [one for one in shift.effects if isinstance(one, fx.CloseRoom)]


def test_an_edit_of_words_that_are_still_on_their_way_is_asked_for_again(shift: Shift) -> None:
    case = shift.case()
    shift.desk.cases[case.code].outgoing = (("$s77", "unterwegs"),)
    edits(shift, "$s77", ">> anders")
    assert "noch unterwegs" in shift.shown(room_of(shift))
    assert shift.told(family.CounsellorEdited) == []


async def test_what_a_family_wrote_while_it_waited_is_shown_whole_and_of_the_bot_how_it_began(content: Content) -> None:
    world = World(content)
    await world.member("berg")
    await world.begin("!anna")
    story = "Wir wurden am Tor weggeschickt. " * 40 + "Dürfen die das?"
    for text in ("Wie melde ich einen Besuch an?", "Mensch", story):
        await world.family("!anna", text)
        await world.pump()
    await world.staff("berg", QUEUE, "nehmen")
    await world.pump()
    (case,) = (await world.desk()).cases.values()
    assert case.place is not None
    (history,) = [text for text in world.platform.texts(case.place.chat) if "Bisher" in text]
    assert f"{case.alias}: {story}" in history.splitlines()
    answered = [line for line in history.splitlines() if line.startswith("Bot: ")]
    assert max(map(len, answered)) == len("Bot: ") + 200
    assert any(line.endswith("…") for line in answered)


async def test_what_came_before_says_which_part_of_a_shared_phone_wrote_it(content: Content) -> None:
    """Neither knows what the other wrote: who reads both must not tell."""
    world = World(content)
    await world.member("berg")
    await world.begin("!anna")
    for text in ("Wie melde ich einen Besuch an?", "Mein Kind schreibt jetzt", "9", "Mensch"):
        await world.family("!anna", text)
        await world.pump()
    await world.staff("berg", QUEUE, "nehmen")
    await world.pump()
    (history,) = [
        text
        for chat in {chat for chat, _, _ in world.platform.sent}
        for text in world.platform.texts(chat)
        if "Bisher" in text
    ]
    lines = history.splitlines()
    assert [line for line in lines if line.endswith(": Wie melde ich einen Besuch an?") and "Kinderteil" not in line]
    assert [line for line in lines if line.endswith(" (Kinderteil): Mensch")]
