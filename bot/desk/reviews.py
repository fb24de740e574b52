"""A parent's recorded voice before a child hears it: a counsellor listens, then releases it or not.

The card names no family. Why something was declined stands in the audit and nowhere else; the sound leaves the chats of staff
as soon as it is decided.
"""

from __future__ import annotations

import json
from dataclasses import replace

from bot.desk import effects as fx
from bot.desk.events import Delivered, StaffWrote, VoiceCame, VoiceOver
from bot.desk.given import Given
from bot.desk.state import Member, Review, ShownVoice
from bot.desk.work import Work, make_code
from bot.dialogue.rendering import escape
from bot.machines import Place

CALL_AGAIN = 2 * 86_400.0  # seconds after which a card that nobody minded is shown once more
KINDS = {"story": "Eine Gute-Nacht-Geschichte", "message": "Eine Nachricht"}
GROUPS = {"small": "unter 6 Jahren", "child": "von 6 bis 13 Jahren", "teen": "ab 14 Jahren, das zugestimmt hat"}
REASONS = (
    "Druck, Drohung oder Auftrag", "passt nicht zum Alter", "etwas über das Verfahren", "nicht zu verstehen",
    "Zweifel, ob Kontakt erlaubt ist", "anderer Grund",
)  # fmt: skip
OVER = "Diese Aufnahme wartet nicht mehr."


def changed(work: Work, event: VoiceCame | VoiceOver) -> None:
    """A recording waits to be heard, or waits no more: taken back, erased, its time over."""
    if isinstance(event, VoiceCame):
        _came(work, event)
        return
    for review in [one for one in work.desk.reviews.values() if one.id == event.id]:
        _clear(work, review, f"⬛ Aufnahme {review.code} wartet nicht mehr.")


def _came(work: Work, event: VoiceCame) -> None:
    number = 0
    while (code := make_code(event.id, work.now, number)) in work.desk.reviews or code in work.desk.cases:
        number += 1
    review = Review(
        code=code, id=event.id, voice=event.voice, kind=event.kind, group=event.group, family=event.family, came=work.now
    )  # fmt: skip
    work.put_review(review)
    _post_card(work, review)


def _post_card(work: Work, review: Review) -> None:
    text = "\n".join([
        f"🎙️ **Aufnahme {review.code}**", f"{KINDS.get(review.kind, 'Eine Nachricht')} für ein Kind {GROUPS[review.group]}.",
        "Die Familie hat zugestimmt: keine Untersuchungshaft, kein Kontaktverbot.",
        f"Anhören: Knopf oder `/anhören {review.code}`. Danach `/freigeben {review.code}` oder `/ablehnen {review.code} GRUND`.",
    ])  # fmt: skip
    for place in work.queue_places():
        _ask(work, review, place, "card", text, ("Anhören",))
    work.timer(f"review|{review.code}", CALL_AGAIN)


def _ask(work: Work, review: Review, place: Place, what: str, text: str, choices: tuple[str, ...]) -> None:
    report = json.dumps(["review", review.code, what, *place])
    work.say(place, text, choices=choices, question=f"{review.code}.review.{what}", report=report)


def called_again(work: Work, code: str) -> None:
    """Nobody has decided for two days."""
    review = work.desk.reviews.get(code)
    if review is not None:
        _post_card(work, review)


def _clear(work: Work, review: Review, words: str) -> None:
    """Takes the sound out of every chat of staff; of its card remains one sentence."""
    for place in {shown.place for shown in review.shown}:
        ids = tuple(one.message for one in review.shown if one.place == place and one.what != "card")
        if ids:
            work.order(fx.Unshow(place=place, messages=ids))
    for one in review.shown:
        if one.what == "card":
            work.say(one.place, words, edits=one.message)
    work.drop_review(review)


# ------------------------------------------------------------------ what counsellors do


def listen(given: Given) -> None:
    """Plays it where she is; without a code the one that waits longest."""
    reviews = given.work.desk.reviews
    review = reviews.get(given.code) if given.code else min(reviews.values(), key=lambda one: one.came, default=None)
    if review is None:
        given.answer(OVER if given.code else "Gerade wartet keine Aufnahme.")
    elif _may(given, review):
        _play(given.work, given.member, review, given.place)


def _play(work: Work, member: Member, review: Review, place: Place) -> None:
    report = json.dumps(["review", review.code, f"sound|{member.id}", *place])
    work.audit(member.id, "recording played", review.code)
    work.order(
        fx.Show(
            place=place, text=f"🎙️ Aufnahme {review.code}", blob=review.voice, media="voice", report=report, vault=review.id
        )
    )  # fmt: skip
    text = f"Aufnahme {review.code}: Tut sie dem Kind gut? Kein Druck, kein Auftrag, keine Drohung, nichts über das Verfahren?"
    _ask(work, review, place, "judge", text, ("Freigeben", "Ablehnen"))


def release(given: Given, review: Review) -> None:
    """Lets it out, if she has heard it."""
    if not _may(given, review):
        return
    if given.member.id not in review.heard:
        given.answer(f"Bitte hören Sie die Aufnahme zuerst an: `/anhören {review.code}`")
        return
    given.work.audit(given.member.id, "recording released", review.code)
    given.work.order(fx.Judge(id=review.id, released=True))
    _clear(given.work, review, f"✅ Aufnahme {review.code} ist freigegeben, von {escape(given.member.alias)}.")


def decline(given: Given, review: Review) -> None:
    """Keeps it back. The reason is for the audit; neither parent nor family nor colleagues read it."""
    if not _may(given, review):
        return
    if not given.rest:
        _ask(given.work, review, given.place, "reason", "Warum nicht? Der Grund steht nur im Protokoll.", REASONS)
        return
    given.work.audit(given.member.id, "recording declined", review.code, given.rest)
    given.work.order(fx.Judge(id=review.id, released=False))
    _clear(given.work, review, f"⬛ Aufnahme {review.code} wird nicht weitergegeben.")


def _may(given: Given, review: Review) -> bool:
    """Whether she may decide; says so if not."""
    if not given.member.has("counsellor", "supervisor"):
        given.answer("Aufnahmen anhören und freigeben können nur Beraterinnen und Berater.")
        return False
    if review.family in given.member.hidden:
        given.answer("Sie haben angegeben, diese Familie zu kennen. Bitte überlassen Sie die Aufnahme anderen.")
        return False
    return True


def pressed(work: Work, member: Member, code: str, what: str, option: int, wrote: StaffWrote) -> None:
    """A button, or a keycap, under something about a recording."""
    review = work.desk.reviews.get(code)
    if review is None:
        work.say(wrote.place, OVER)
        return
    given = Given(work, member, wrote, "", None, False, code)
    if what == "card":
        listen(given)
    elif what == "judge":
        (release if option == 0 else decline)(given, review)
    elif what == "reason" and 0 <= option < len(REASONS):
        given.rest = REASONS[option]
        decline(given, review)


def delivered(work: Work, code: str, rest: list[str], event: Delivered) -> None:
    """A card or the sound arrived: the desk knows what to clear up later, and who could hear it."""
    what, *where = rest
    kind, _, listener = what.partition("|")
    place, review = Place(*where), work.desk.reviews.get(code)
    if review is None:
        if event.ids and kind != "card":  # decided meanwhile
            work.order(fx.Unshow(place=place, messages=event.ids))
    elif event.outcome in ("ok", "ambiguous"):
        shown = tuple(ShownVoice(place, message, kind) for message in event.ids)
        heard = (*review.heard, listener) if listener and event.outcome == "ok" else review.heard
        work.put_review(replace(review, shown=(*review.shown, *shown)[-40:], heard=heard))
    elif kind == "sound":
        work.say(place, f"⚠️ Aufnahme {code} ließ sich hier nicht abspielen.")


def question_of(work: Work, place: Place, message: str) -> str:
    """What a message about a recording asked; "" when it asked nothing."""
    for review in work.desk.reviews.values():
        for one in review.shown:
            if (one.place, one.message) == (place, message) and one.what != "sound":
                return f"{review.code}.review.{one.what}"
    return ""
