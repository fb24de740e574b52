"""The forms that people send: a caregiver's, a child's, a parent's. Each is looked at only if it comes from that person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.recording import effects as fx
from bot.recording import events as ev
from bot.recording.state import Part, Recording, group_of
from bot.recording.steps import take
from bot.recording.work import A_MONTH, CODE_LENGTH, INVITED_AT_ONCE, OPEN_DAYS, Work, shown
from bot.vault.codes import hash_of

WHERE = frozenset({"leave", "open", "released"})  # on leave, in open prison where the house allows phones, released
LISTED = 4  # of a parent's recordings, a message each


def _part(event: ev.FormSent) -> Part:
    """Which part of the phone the form came from; a child with a chat of its `own` has it all to itself."""
    return "child" if _is_child(event) and not event.values.get("own") else "adult"


def _is_child(event: ev.FormSent) -> bool:
    return event.values.get("who") == "child"


# ------------------------------------------------------------------ the caregiver


def _no_ban(event: ev.FormSent) -> bool:
    """Whether she said that there is neither remand nor a ban on contact; "I do not know" is not enough."""
    return event.values.get("remand") == "no" and event.values.get("ban") == "no"


def _invite(work: Work, event: ev.FormSent) -> None:
    """The caregiver gets a code for the parent, once it is clear that there is no remand and no ban on contact."""
    who, age = event.conversation, event.values.get("age", "")
    if not _no_ban(event) or not age.isdecimal():
        return
    if not event.staffed:
        work.answer(who, "recording.not_here")
        return
    unused = [one for one in _of_family(work, who) if one.state in ("invited", "joined")]
    if len(unused) >= INVITED_AT_ONCE:
        work.answer(who, "recording.codes_open", count=str(len(unused)))
        return
    code, id = event.fresh[:CODE_LENGTH], event.fresh[CODE_LENGTH:]
    one = Recording(
        id=id, state="invited", code_hash=hash_of(code), caregiver=who, group=group_of(int(age)), since={"invited": work.now}
    )  # fmt: skip
    work.put(one)
    work.effects.append(fx.Open(id=id))
    work.timer("expire", one, work.after(OPEN_DAYS))
    work.answer(who, "recording.code", code=shown(code))


def _agree(work: Work, event: ev.FormSent) -> None:
    """Her answer to a recording that came; remand or a ban on contact since then is a no."""
    one = _mine(work, event)
    answers = {"yes": "caregiver agrees" if _no_ban(event) else "caregiver declines", "later": "caregiver puts off"}
    if one is not None:
        kind = answers.get(event.values.get("answer", ""), "caregiver declines")
        take(work, one, kind, {**event.values, "fresh": event.fresh}, event.conversation)


def _teen(work: Work, event: ev.FormSent) -> None:
    """She wants another code for her child's own chat: the first was lost, or the child has a phone only now."""
    one = _mine(work, event)
    if one is not None and _waits_for_child(one):
        work.answer(event.conversation, "recording.teen_code", code=work.for_child(one, event.fresh))


def _waits_for_child(one: Recording) -> bool:
    """Whether a child from 14 may still come with its code: its caregiver has agreed, and it has no chat here yet."""
    return one.group == "teen" and not one.child and one.state in ("asked", "review", "ready", "heard")


def _revoke(work: Work, event: ev.FormSent) -> None:
    """She takes all unused codes back."""
    for one in _of_family(work, event.conversation):
        if one.state in ("invited", "joined"):
            take(work, one, "caregiver declines", event.values)


# ------------------------------------------------------------------ the child, or a small child's caregiver


_ANSWERS: Mapping[str, str] = MappingProxyType({"yes": "agrees", "later": "puts off", "no": "declines"})


def _join(work: Work, event: ev.FormSent) -> None:
    """A child from 14 enters its code in a chat of its own: from now on this recording is decided and heard there alone."""
    who, wanted = event.conversation, hash_of(event.values.get("code", ""))
    one = next((one for one in work.recordings.recordings.values() if one.child_code == wanted), None)
    fits = one is not None and _waits_for_child(one) and who not in one.people
    if work.tried_out(who) or one is None or not fits or not _is_child(event) or _part(event) == "child":
        work.wrong_code(who)
        return
    work.put(replace(one, child=who, child_code=""))
    _list_for_child(work, who, "adult")


def _child(work: Work, event: ev.FormSent) -> None:
    """What the child says to a recording, in its part or in its own chat."""
    one = _heard_here(work, event)
    if one is None:
        work.answer(event.conversation, "recording.gone", _part(event))
    elif _is_child(event):
        kind = _ANSWERS.get(event.values.get("answer", ""), "puts off")
        take(work, one, f"child {kind}", event.values, *one.listener)


def _play(work: Work, event: ev.FormSent) -> None:
    """Somebody wants to hear it: the child in its part or chat, or the caregiver of a small child."""
    one = _heard_here(work, event)
    if one is None:
        work.answer(event.conversation, "recording.gone", _part(event))
    else:
        take(work, one, "somebody listens", event.values, *one.listener)


def _heard_here(work: Work, event: ev.FormSent) -> Recording | None:
    """The recording that the form names, if whoever sent it is the one to hear it."""
    one = work.recordings.recordings.get(event.values.get("id", ""))
    if one is None or _is_child(event) != (one.group != "small"):
        return None
    who, part = one.listener
    mine = event.conversation == who and (part == _part(event) or who == one.child)
    return one if mine else None


def _mine(work: Work, event: ev.FormSent) -> Recording | None:
    """The recording that the form names, if it is for this person's family."""
    one = work.recordings.recordings.get(event.values.get("id", ""))
    return one if one is not None and one.caregiver == event.conversation else None


# ------------------------------------------------------------------ the parent


def _code(work: Work, event: ev.FormSent) -> None:
    """A parent enters the caregiver's code and may then record."""
    who, wanted = event.conversation, hash_of(event.values.get("code", ""))
    if event.values.get("where") not in WHERE:
        return
    one = next((one for one in work.recordings.recordings.values() if one.code_hash == wanted), None)
    fits = one is not None and one.caregiver != who and one.state in ("invited", "joined") and one.parent in ("", who)
    if work.tried_out(who) or one is None or not fits:
        work.wrong_code(who)
    elif work.sent_lately(who) >= A_MONTH:
        work.answer(who, "recording.enough", most=str(A_MONTH))
    else:
        take(work, replace(one, parent=who), "parent enters the code", event.values, who)


def _sent(work: Work, event: ev.FormSent) -> None:
    one = work.recordings.recordings.get(event.values.get("id", ""))
    if one is not None and one.parent == event.conversation and event.values.get("voice"):
        take(work, one, "parent sends", event.values, event.conversation)


def _delete(work: Work, event: ev.FormSent) -> None:
    """The newest, or all that this parent has sent."""
    found = _of_parent(work, event.conversation)
    for one in found if event.values.get("which") == "all" else found[:1]:
        take(work, one, "parent deletes", event.values)
        if work.recordings.recordings[one.id] == one:  # ended already: only its parent did not know
            work.put(replace(one, told=True, since={**one.since, "deleted": work.now}))
            work.effects.append(fx.DropTimer(name=f"news|{one.id}"))


def _of_parent(work: Work, who: str) -> list[Recording]:
    """What this parent has sent and not deleted, newest first."""
    rows = work.recordings.recordings.values()
    sent = [one for one in rows if one.parent == who and one.sent and "deleted" not in one.since]
    return sorted(sent, key=lambda one: -one.sent)


# ------------------------------------------------------------------ lists


def _list(work: Work, event: ev.FormSent) -> None:
    """What there is for whoever asks: the child, the caregiver or the parent."""
    who = event.conversation
    if _is_child(event):
        _list_for_child(work, who, _part(event))
    elif event.values.get("who") == "parent":
        _list_for_parent(work, who)
    else:
        _list_for_caregiver(work, who)


def _list_for_child(work: Work, who: str, part: Part) -> None:
    """One at a time: what waits for an answer, then what was not heard yet, then the newest."""
    order = ("asked", "ready", "heard")
    found = [
        one
        for one in work.recordings.recordings.values()
        if one.state in order and one.group != "small" and one.listener == (who, part)
    ]
    one = min(found, key=lambda one: (order.index(one.state), -one.sent), default=None)
    if one is None:
        work.answer(who, "recording.nothing", part)
    elif one.state == "asked":
        work.answer(who, "recording.child_ask", part, id=one.id, kind=one.kind)
    else:
        flow = "recording.child_offer" if one.state == "ready" else "recording.child_again"
        work.answer(who, flow, part, id=one.id, kind=one.kind)


def _list_for_caregiver(work: Work, who: str) -> None:
    found = _of_family(work, who)
    unused = [one for one in found if one.state in ("invited", "joined")]
    order = ("offered", "ready", "asked", "review", "heard")
    here = sorted((one for one in found if one.state in order), key=lambda one: (order.index(one.state), -one.sent))
    one = here[0] if here else None
    if one is not None and one.state == "offered":
        work.answer(who, "recording.offer", id=one.id, kind=one.kind, group=one.group)
    elif one is not None:
        state = "here" if one.state in ("ready", "heard") else "on_its_way"
        group = "own" if one.child else one.group
        work.answer(who, "recording.family", id=one.id, kind=one.kind, state=state, group=group)
    else:
        work.answer(who, "recording.codes", count=str(len(unused)))


def _list_for_parent(work: Work, who: str) -> None:
    found = _of_parent(work, who)
    for one in found[:LISTED]:
        work.answer(who, "recording.parent_row", state=one.seen_by_parent)
    work.answer(who, "recording.parent_list", count=str(len(found)))


def _of_family(work: Work, who: str) -> list[Recording]:
    return [one for one in work.recordings.recordings.values() if one.caregiver == who and one.live]


FORMS: Mapping[str, Callable[[Work, ev.FormSent], None]] = MappingProxyType({
    "invite": _invite, "agree": _agree, "revoke": _revoke, "teen": _teen, "join": _join, "child": _child, "play": _play,
    "code": _code, "sent": _sent, "delete": _delete, "list": _list,
})  # fmt: skip
