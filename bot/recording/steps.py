"""What each meaning of the table does to a recording, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from bot.recording import effects as fx
from bot.recording.state import Part, Recording, take_of
from bot.recording.table import meaning
from bot.recording.work import AGAIN_DAYS, DAY, KEPT_DAYS, LONGEST_DAYS, OPEN_DAYS, Work, news_time

Step = Callable[[Work, Recording, Mapping[str, str]], None]


def take(work: Work, one: Recording, kind: str, values: Mapping[str, str], who: str = "", part: Part = "adult") -> None:
    """What this kind of event means now, done; `who` hears when it means nothing."""
    what = meaning(one.state, kind)
    if what == "refuse":
        work.answer(who, "recording.gone", part)
    elif what != "ignore":
        STEPS[what](work, one, values)


def _join(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    joined = work.move(replace(one, kind="story" if values.get("kind") == "story" else "message"), "joined")
    work.answer(joined.parent, "recording.record", id=joined.id, kind=joined.kind)


def _offer(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    """It is here. The parent hears so at once, and nothing more before it was heard or its time is over."""
    offered = work.move(replace(one, voice=f"voice-{one.id}"), "offered")
    work.effects.append(fx.Keep(id=one.id, source=take_of(one.id), name=offered.voice))
    work.timer("expire", offered, work.after(OPEN_DAYS))
    _answer_parent(work, offered)
    work.tell(offered.caregiver, "recording.offer", id=offered.id, kind=offered.kind, group=offered.group)


def _answer_parent(work: Work, one: Recording) -> None:
    work.timer("news", one, work.after(OPEN_DAYS))
    work.effects.append(fx.Counted(step="sent"))
    work.answer(one.parent, "recording.sent")


def _swallow(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    """It is not wanted any more, and the parent must not learn so from us, nor when that was."""
    if one.sent:  # sent before: this is a repeat
        work.answer(one.parent, "recording.sent")
        return
    sent = replace(one, since={**one.since, "offered": work.now})
    work.put(sent)
    work.effects.append(fx.Destroy(id=one.id))
    _answer_parent(work, sent)


def _pass_on(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    if one.group == "teen":
        asked = work.move(one, "asked")
        work.answer(asked.caregiver, "recording.teen_code", code=work.for_child(asked, values["fresh"]))
        _ask_child(work, asked)
    else:
        _submit(work, one, values)


def _ask_child(work: Work, one: Recording) -> None:
    who, part = one.listener
    work.tell(who, "recording.child_ask", part, id=one.id, kind=one.kind)


def _submit(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    review = work.move(one, "review")
    work.effects.append(
        fx.Review(id=one.id, voice=review.voice, kind=review.kind, group=review.group, family=review.caregiver)
    )


def _release(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    ready = work.move(one, "ready")
    work.effects.append(fx.Unreview(id=one.id))
    _tell_of(work, ready)


def _tell_of(work: Work, one: Recording) -> None:
    """That it is there: a small child's caregiver is asked, an older child in its own part or chat."""
    if one.group == "small":
        work.tell(one.caregiver, "recording.small", id=one.id, kind=one.kind)
        return
    who, part = one.listener
    work.tell(one.caregiver, "recording.ready", own="yes" if one.child else "")
    work.tell(who, "recording.child_offer", part, id=one.id, kind=one.kind)


def _play(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    """The only place where a sound goes out: a small child's caregiver hears it, else the child alone."""
    heard = work.move(one, "heard")
    if one.state != "heard":
        work.effects.append(fx.Counted(step="heard"))
        work.timer("news", heard, news_time(work.at))
    last = datetime.fromtimestamp(heard.sent + LONGEST_DAYS * DAY, UTC)
    work.timer("expire", heard, min(work.after(KEPT_DAYS), last))
    work.effects.append(fx.Keep(id=heard.id, source=heard.voice, name=heard.voice))
    who, part = heard.listener
    work.answer(who, "recording.play", part, id=heard.id, kind=heard.kind, voice=heard.voice)


def _ask_again(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    work.timer("again", one, work.after(AGAIN_DAYS))


def _remind(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    if one.state == "offered":
        work.tell(one.caregiver, "recording.offer", id=one.id, kind=one.kind, group=one.group)
    elif one.state == "asked":
        _ask_child(work, one)
    else:
        _tell_of(work, one)


def _end(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    work.end(one)


def _delete(work: Work, one: Recording, values: Mapping[str, str]) -> None:
    """Its parent takes it back: there is no news to wait for."""
    ended = work.end(one)
    work.put(replace(ended, told=True, since={**ended.since, "deleted": work.now}))
    work.effects.append(fx.DropTimer(name=f"news|{one.id}"))


STEPS: Mapping[str, Step] = MappingProxyType({
    "join": _join, "offer": _offer, "swallow": _swallow, "pass_on": _pass_on, "submit": _submit, "release": _release,
    "play": _play, "ask_again": _ask_again, "remind": _remind, "end": _end, "delete": _delete, "lapse": _end,
})  # fmt: skip
