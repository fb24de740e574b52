"""Reminders: what a flow wants to say on a later day, in daylight, and to nobody but the one who asked for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from bot.dialogue.draft import Draft
from bot.dialogue.effects import CancelTimer, StartTimer
from bot.dialogue.flow import Flow, Remind, Step
from bot.dialogue.rendering import BERLIN
from bot.dialogue.session import Reminder

QUIET_FROM, QUIET_UNTIL, MORNING = time(21), time(7), time(8)
POSTPONE = timedelta(hours=3)  # how long something waits before it is tried again
SOON = timedelta(minutes=2)  # after the phone was handed over
LATER, HAND_OVER = (
    "later:",
    "handover:",
)  # beginnings of names: waits for a better moment, for the other one to hold the phone
PAUSE = timedelta(minutes=30)  # whoever wrote so lately and has a question open is in the middle of something


def remind(draft: Draft, flow: Flow, step: Step, action: Remind) -> None:
    """Sets a reminder in place of the one that this step set before; none when its moment has passed already."""
    name = _name(draft, action.name or flow.name, step.name)
    _cancel(draft, [name])
    base = draft.value(action.on) if action.on else draft.today.isoformat()
    if not isinstance(base, str):
        return  # the date was skipped: nothing to remind of
    hour, minute = action.at.split(":")
    day = datetime.fromisoformat(base) + timedelta(days=action.days)
    due = awake(day.replace(hour=int(hour), minute=int(minute), tzinfo=BERLIN))
    if due <= draft.at:
        return  # the day before a visit that is today has passed already
    local = draft.top.local if draft.top is not None else {}
    kept = sorted((slot, value) for slot, value in local.items() if action.needs is None or slot in action.needs)
    reminder = Reminder(action.flow or flow.name, action.then, draft.session.active, tuple(kept))
    _keep(draft, name, reminder, due)


def drop(draft: Draft, names: Iterable[str]) -> None:
    """Cancels every reminder of these names (`remind: {name: …}`) that the one who is active now has set."""
    begins = tuple(_name(draft, name, "") for name in names)
    _cancel(draft, [key for key in draft.session.reminders if key.startswith(begins)])


def put_off(draft: Draft, flow: str, slots: tuple[tuple[str, str], ...], part: str) -> None:
    """Lets a flow that somebody else wants to begin in this part wait for a better moment, as a reminder.

    What is for the child waits until the child holds the phone. The same once more replaces what waits already.
    """
    reminder = Reminder(flow, "", part, slots)
    _cancel(draft, [name for name, other in draft.session.reminders.items() if other == reminder])
    due = awake(draft.at)
    due = due if due != draft.at else awake(draft.at + POSTPONE)
    kind = LATER if part == "adult" else HAND_OVER
    _keep(draft, f"{kind}{flow}:{draft.session.fence:x}", reminder, due)


def bring_forward(draft: Draft, part: str) -> None:
    """The phone was handed over: what waited for that comes soon, for it may be lent for minutes only."""
    for name, reminder in draft.session.reminders.items():
        if name.startswith(HAND_OVER) and reminder.part == part:
            due = awake(draft.at + SOON)
            draft.effects.append(StartTimer(timer=name, due=due, fence=draft.session.fence))


def awake(moment: datetime) -> datetime:
    """The moment itself, or the next 8:00 in Berlin when it falls into the quiet hours from 21:00 to 7:00."""
    local = moment.astimezone(BERLIN)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return moment
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, MORNING, tzinfo=BERLIN)


def better_moment(draft: Draft, reminder: Reminder, *, handed_over: bool = False) -> datetime | None:
    """When to try again because this is no moment to remind; None when it is one.

    It is none at night, while a human speaks with the family or they wait for one, while the other one holds the phone
    (nothing of hers is shown to him), and while somebody is in the middle of another flow. Whoever was just `handed_over` the
    phone is in the middle of nothing.
    """
    if (due := awake(draft.at)) != draft.at:
        return due
    if draft.session.owner in ("queue", "counsellor") or reminder.part != draft.session.active:
        return awake(draft.at + POSTPONE)
    if not handed_over and draft.top is not None and draft.top.question and draft.silent_for < PAUSE:
        return awake(draft.at + PAUSE)
    return None


def fire(draft: Draft, name: str, reminder: Reminder) -> bool:
    """Begins what a reminder was set for, or lets it wait; whether something began."""
    if name.startswith(HAND_OVER) and reminder.part != draft.session.active:
        return False  # `bring_forward` sets its timer again
    later = better_moment(draft, reminder, handed_over=name.startswith(HAND_OVER))
    if later is not None:
        draft.effects.append(StartTimer(timer=name, due=later, fence=draft.session.fence))
        return False
    draft.change(reminders={key: item for key, item in draft.session.reminders.items() if key != name})
    local = {key: tuple(item) if isinstance(item, list) else item for key, item in reminder.values}
    # what this flow asked earlier is overtaken: "Wie war es?" and then "Morgen ist es so weit" would be mad
    draft.change_part(frames=tuple(frame for frame in draft.part.frames if frame.flow != reminder.flow))
    if not draft.push(reminder.flow, local):
        return False
    if reminder.step:
        draft.change_top(step=reminder.step)
    return True


def _name(draft: Draft, name: str, step: str) -> str:
    """A timer's name, unlike those of the other person on a shared phone."""
    part = "" if draft.session.active == "adult" else f"{draft.session.active}/"
    return f"remind:{part}{name}:{step}"


def _keep(draft: Draft, name: str, reminder: Reminder, due: datetime) -> None:
    draft.change(reminders={**draft.session.reminders, name: reminder})
    draft.effects.append(StartTimer(timer=name, due=due, fence=draft.session.fence))


def _cancel(draft: Draft, names: Iterable[str]) -> None:
    gone = [name for name in names if name in draft.session.reminders]
    if gone:
        draft.change(reminders={key: item for key, item in draft.session.reminders.items() if key not in gone})
        draft.effects += [CancelTimer(timer=name) for name in gone]
