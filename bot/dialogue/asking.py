"""Asking a question and taking the answer: repeat, refuse, correct, go back."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from bot.dialogue import alerts
from bot.dialogue.choices import WHOLE, choice_of, phrase_inside
from bot.dialogue.draft import Draft
from bot.dialogue.effects import CancelTimer, Seal
from bot.dialogue.expressions import ExpressionError, evaluate
from bot.dialogue.flow import Ask, Flow, Option, Step
from bot.dialogue.questions import FREE_TEXT, OPTIONED, in_passing, read
from bot.dialogue.reading import Asking, Narrow, Parsed, Reading, Rejected, Shown
from bot.dialogue.rendering import names_for_expressions, pick
from bot.dialogue.session import Frame, Value
from bot.dialogue.yes_no import YES, denies

ATTEMPTS_BEFORE_HUMAN = 3
NONE_OF_THESE = "none"
TELLING = frozenset({
    "too_small", "too_large", "too_long", "too_many",
    "date_impossible", "date_past", "date_future", "date_long_ago", "date_far", "voice_lost",
    "plz_unknown",
})  # fmt: skip
"""Reasons that say more than the example of a retry text."""
OFFER_HUMAN = "repair.offer_human"
_A_YES = tuple(f"{WHOLE}{word}" for word in YES)  # "doch" inside a sentence says no yes


def open_question(draft: Draft) -> tuple[Flow, Step, Ask] | None:
    """The question that waits for an answer on top of the stack."""
    frame = draft.top
    if frame is None or not frame.question:
        return None
    flow = draft.flow_of(frame)
    step = flow.step(frame.step) if flow is not None else None
    if flow is None or step is None or not isinstance(step.action, Ask):
        return None
    return flow, step, step.action


def shown_options(draft: Draft, ask: Ask) -> tuple[Shown, ...]:
    """The options as this person sees them, in order."""
    frame = draft.top
    if frame is not None and frame.narrow:
        also = _A_YES if len(frame.narrow) == 1 else ()  # "ja" to the only one that may be meant
        rows = tuple(Shown(value, label, also) for value, label in frame.narrow)
        return (*rows, Shown(NONE_OF_THESE, draft.text("label.none_of_these")))
    if ask.options_from:
        return _options_from_slot(draft, ask)
    if ask.kind == "yes_no" and not ask.options:
        return (Shown("yes", draft.text("label.yes")), Shown("no", draft.text("label.no")))
    return tuple(
        Shown(option.value, draft.filled(pick(draft.content, option.label, draft.reader)), option.also)
        for option in ask.options
        if _visible(draft, option)
    )


def is_own_label(draft: Draft, text: str) -> bool:
    """Whether a text is word for word an answer that Kavi offers at this moment: what it means, its flow says."""
    found = open_question(draft)
    labels = [option.label for option in shown_options(draft, found[2])] if found is not None else []
    offered = (*labels, *(offer.label for offer in draft.part.offers))
    return text.strip().casefold() in {label.strip().casefold() for label in offered}


def _visible(draft: Draft, option: Option) -> bool:
    if option.audiences and draft.part.audience not in option.audiences:
        return False
    if option.when is None:
        return True
    try:
        return bool(evaluate(option.when, expression_names(draft), draft.today))
    except ExpressionError as error:
        draft.trouble(option.when.place, str(error))
        return True


def _options_from_slot(draft: Draft, ask: Ask) -> tuple[Shown, ...]:
    """Rows of a slot: topic ids become their titles, `value=label` rows are taken as they are."""
    value = draft.value(ask.options_from)
    rows = value if isinstance(value, tuple) else ()
    shown = []
    for row in rows:
        topic = draft.content.topics.get(row)
        name, _, label = row.partition("=")
        title = draft.content.translate(topic.title, draft.session.language) or topic.title if topic else label or name
        shown.append(Shown(name, title, _A_YES if len(rows) == 1 else ()))
    return (*shown, *(Shown(o.value, pick(draft.content, o.label, draft.reader), o.also) for o in ask.options))


def expression_names(draft: Draft) -> dict[str, Value]:
    """The names an expression may use at this moment."""
    local = draft.top.local if draft.top is not None else {}
    return {**names_for_expressions(draft.session, draft.part, local), "can_speak": draft.content.can_speak}


def asking(draft: Draft, ask: Ask) -> Asking:
    """Everything that reading an answer to this question needs."""
    return Asking(ask, shown_options(draft, ask), draft.today, draft.content, str(draft.value("land") or ""))


def pose(draft: Draft, flow: Flow, step: Step, ask: Ask) -> bool:
    """Asks, or takes what is already known; False when nothing had to be asked and the flow goes on."""
    frame = draft.top
    assert frame is not None
    if frame.question and (ask.quiet or draft.unasked):
        return True
    known = _known_already(draft, frame, ask)
    if known is not None:
        accept(draft, flow, step, ask, known)
        return False
    repeat(draft, step, ask)
    return True


def _known_already(draft: Draft, frame: Frame, ask: Ask) -> Value:
    value = draft.value(ask.slot)
    if value is not None and not frame.question and (ask.slot in frame.known or ask.reuse):
        return value
    if not ask.prefill or not draft.trigger or frame.question:
        return None
    if not frame.answered or ask.kind == "time":  # "am 13.12. um 14 Uhr" answers two questions
        return in_passing(draft.trigger, asking(draft, ask))
    return phrase_inside(draft.trigger, shown_options(draft, ask)) if ask.prefill_named else None


def repeat(draft: Draft, step: Step, ask: Ask, lead: str = "") -> None:
    """Asks (again): the step's own words, its choices, a new id."""
    frame = draft.top
    assert frame is not None
    question = draft.question_id()
    options = shown_options(draft, ask)
    labels = tuple(option.label for option in options) if _has_buttons(ask, frame) else ()
    if ask.skip and not frame.narrow:
        labels = (*labels, draft.text("label.skip"))
    labels = (*labels, *(offer.label for offer in draft.quick_exit()))
    words = ask.again if ask.again is not None and frame.question else step.say
    own = draft.filled(pick(draft.content, words, draft.reader)) if words else ""
    text = draft.text("ask.did_you_mean") if frame.narrow else own
    draft.say(
        f"{lead}\n\n{text}".strip(),
        choices=labels,
        question=question,
        attachments=draft.described(step.attachments),
        source=f"step:{frame.flow}.{step.name}",
    )
    draft.change_top(question=question)
    if ask.timeout:
        draft.start_timer("question", ask.timeout)
    draft.waiting = True


def _has_buttons(ask: Ask, frame: Frame) -> bool:
    return bool(frame.narrow) or ask.kind in OPTIONED


def take_text(draft: Draft, text: str) -> Reading | None:
    """Reads a text as the answer to the open question; None when no question is open. Changes nothing."""
    found = open_question(draft)
    if found is None:
        return None
    _, _, ask = found
    frame = draft.top
    assert frame is not None
    context = asking(draft, ask)
    if frame.narrow:
        value = choice_of(text, context.options)
        if value == NONE_OF_THESE:
            return Rejected("none_of_these")
        if value is not None:
            return Parsed(value)
        context = replace(context, options=())
    if frame.flow == alerts.SECOND_LOOK and (no := denies(text)) is not None:
        return (
            Parsed(False) if no else Rejected("yes_no")
        )  # a no to the question about danger may have words of its own
    return read(text, context)


VOICES = ("voice", "audio")  # what counts as a recorded voice


def take_voice(draft: Draft, kind: str | None, blob: str | None) -> bool:
    """Takes what was sent as the answer to an open question for a voice; False when there is no such question.

    The answer is the name of the file. Where the question names a vault, its file is sealed with the vault's key.
    """
    found = open_question(draft)
    if kind is None or found is None or found[2].kind != "voice":
        return False
    if kind not in VOICES or not blob:
        apply(draft, Rejected("voice" if kind not in VOICES else "voice_lost"))
        return True
    vault = draft.value(found[2].vault) if found[2].vault else None
    if vault:
        draft.effects.append(Seal(blob=blob, vault=str(vault)))
    apply(draft, Parsed(blob))
    return True


def apply(draft: Draft, reading: Reading) -> None:
    """Acts on what a text was read as: take it, narrow it down, or refuse it helpfully."""
    found = open_question(draft)
    assert found is not None
    flow, step, ask = found
    match reading:
        case Parsed(value):
            accept(draft, flow, step, ask, value)
        case Narrow(options):
            draft.change_top(narrow=options)
            repeat(draft, step, ask)
        case Rejected(reason):
            refuse(draft, step, ask, reason)
        case _:
            assert_never(reading)


def accept(draft: Draft, flow: Flow, step: Step, ask: Ask, value: Value) -> None:
    """Keeps the answer and moves the flow on, to where the chosen option leads."""
    frame = draft.top
    assert frame is not None
    if ask.timeout and frame.question:
        draft.effects.append(CancelTimer(timer="question"))
    draft.trace.append((flow.name, step.name, _exit_name(value)))
    draft.set_slot(ask.slot, value, ask.keep)
    draft.change_part(misses=0)
    option = _chosen(ask, value)
    answered = (*[name for name in frame.answered if name != step.name], step.name)[-30:]
    goto = (option.goto if option is not None else "") or step.goto or flow.after(step.name)
    draft.change_top(question="", attempts=0, narrow=(), answered=answered, step=goto)
    if option is not None and option.link:
        draft.pop()
        draft.push(option.link)


def _exit_name(value: Value) -> str:
    """The exit that an answer takes, for coverage: only closed values have a name of their own."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value if isinstance(value, str) else "*"


def _chosen(ask: Ask, value: Value) -> Option | None:
    name = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    return next((option for option in ask.options if option.value == name), None)


def skip(draft: Draft) -> bool:
    """Leaves the open question unanswered where that is allowed."""
    found = open_question(draft)
    if found is None or not found[2].skip:
        return False
    flow, step, ask = found
    frame = draft.top
    assert frame is not None
    draft.drop_slot(ask.slot)
    draft.change_top(
        question="",
        attempts=0,
        narrow=(),
        answered=(*frame.answered, step.name),
        step=step.goto or flow.after(step.name),
    )
    return True


def refuse(draft: Draft, step: Step, ask: Ask, reason: str) -> None:
    """Says why it was not an answer, each time more helpfully; the third time offers a human."""
    frame = draft.top
    assert frame is not None
    attempts = frame.attempts + 1
    draft.change_top(attempts=attempts, narrow=())
    if attempts >= ATTEMPTS_BEFORE_HUMAN and frame.flow != OFFER_HUMAN:
        draft.change_top(attempts=0)
        draft.push(OFFER_HUMAN)
        return
    extra: dict[str, Value] = {"minimum": ask.minimum, "maximum": ask.maximum, "unit": ask.unit}
    if attempts <= len(ask.retry) and reason not in TELLING:
        lead = draft.filled(pick(draft.content, ask.retry[attempts - 1], draft.reader), extra)
    else:
        key = f"reason.{reason}"
        lead = draft.text(key if key in draft.content.texts else "reason.other", extra)
    repeat(draft, step, ask, lead)


def go_back(draft: Draft) -> bool:
    """Asks the previous question of this flow again; False when there is none."""
    frame = draft.top
    if frame is None or not frame.answered:
        return False
    flow = draft.flow_of(frame)
    name = frame.answered[-1]
    step = flow.step(name) if flow is not None else None
    if step is None or not isinstance(step.action, Ask):
        return False
    draft.drop_slot(step.action.slot)
    known = tuple(slot for slot in frame.known if slot != step.action.slot)
    draft.change_top(step=name, question="", attempts=0, narrow=(), answered=frame.answered[:-1], known=known)
    draft.trigger = ""
    return True


def correct(draft: Draft, text: str) -> bool:
    """Takes `text` as a new answer to the last answered question that it fits; later answers stay.

    Returns False when it fits none of the last three.
    """
    frame = draft.top
    flow = draft.flow_of(frame) if frame is not None else None
    if frame is None or flow is None:
        return False
    for at in range(len(frame.answered) - 1, max(-1, len(frame.answered) - 4), -1):
        step = flow.step(frame.answered[at])
        if step is None or not isinstance(step.action, Ask) or step.action.kind in FREE_TEXT:
            continue
        reading = read(text, asking(draft, step.action))
        if isinstance(reading, Parsed):
            later = tuple(_slots_of(flow, frame.answered[at + 1 :]))
            draft.change_top(step=step.name, question="", narrow=(), answered=frame.answered[:at], known=later)
            accept(draft, flow, step, step.action, reading.value)
            draft.trigger = ""
            return True
    return False


def _slots_of(flow: Flow, steps: tuple[str, ...]) -> list[str]:
    found = [flow.step(name) for name in steps]
    return [step.action.slot for step in found if step is not None and isinstance(step.action, Ask)]
