"""Going through the steps of the flow on top until one of them waits for the person."""

from __future__ import annotations

from typing import assert_never

from bot.dialogue import acts, answering, asking, learning, reminders
from bot.dialogue.draft import Draft
from bot.dialogue.effects import Attachment, MakeFile, RequestHandoff, Submit
from bot.dialogue.expressions import Expression, ExpressionError, evaluate
from bot.dialogue.flow import (
    Answer,
    Ask,
    Assign,
    Branch,
    Call,
    Count,
    Do,
    End,
    File,
    Flow,
    Forget,
    Goto,
    HandOff,
    Link,
    Remind,
    Send,
    Step,
    Study,
    Wait,
)
from bot.dialogue.rendering import fill, pick, spell
from bot.dialogue.session import Value

Moving = Branch | Assign | Goto | Call | Link | End | Answer | Do | Study  # what changes where the talk stands
Leaving = Remind | Forget | HandOff | Count | File | Send  # what leaves an effect
WAITING_TOPIC = "bot.hours"  # what is answered about waiting for a human
VOICE_NAME = "Sprachnachricht.ogg"
MAX_STEPS = 100  # per turn; a flow that needs more is a loop without a question


def walk(draft: Draft) -> None:
    """Runs steps until one waits or every flow has ended. A fault in content ends the flow, never the talk."""
    while not draft.waiting:
        frame = draft.top
        if frame is None:
            if not answering.answer_deferred(draft):
                return
            continue
        draft.steps += 1
        flow = draft.flow_of(frame)
        step = flow.step(frame.step) if flow is not None else None
        if flow is None or step is None:
            draft.pop()
            continue
        if draft.steps > MAX_STEPS:
            fail(draft, step.place, f"more than {MAX_STEPS} steps without a question")
            return
        try:
            _run(draft, flow, step)
        except ExpressionError as error:
            fail(draft, step.place, str(error))
            return


def fail(draft: Draft, place: str, problem: str) -> None:
    """Ends the flows with an apology and the offer of a human, and tells the operator."""
    draft.trouble(place, problem)
    draft.clear_frames()
    draft.say_key("trouble")
    if draft.steps <= MAX_STEPS and draft.push("repair.offer_human"):
        draft.steps = MAX_STEPS  # a fault in the repair flow itself must not loop
        walk(draft)


def _run(draft: Draft, flow: Flow, step: Step) -> None:
    """One step: say, then act, then move on."""
    action = step.action
    draft.trace.append((flow.name, step.name, ""))
    if isinstance(action, Ask):
        draft.waiting = asking.pose(draft, flow, step, action)
        return
    if step.say is not None:
        text = draft.filled(pick(draft.content, step.say, draft.reader))
        files = (*draft.described(step.attachments), *_played(draft, step))
        draft.say(text, attachments=files, source=f"step:{flow.name}.{step.name}", sensitive=bool(step.play))
    if isinstance(action, Wait):
        _wait(draft, action)
        return
    # The position moves on before the action, so that a flow put on top comes back to the next step.
    draft.change_top(step=step.goto or flow.after(step.name))
    _act(draft, flow, step, action)


def _played(draft: Draft, step: Step) -> tuple[Attachment, ...]:
    """The voice whose sealed file the slot of the step names."""
    voice = draft.value(step.play) if step.play else None
    return (Attachment(source=f"blob:{voice}", kind="voice", name=VOICE_NAME),) if voice else ()


def _wait(draft: Draft, action: Wait) -> None:
    draft.change_top(question=draft.question_id())
    draft.start_timer("question", action.seconds)
    draft.waiting = True


def _act(draft: Draft, flow: Flow, step: Step, action: Moving | Leaving | None) -> None:
    match action:
        case None:
            pass
        case Branch(cases, otherwise):
            goto = _first_true(draft, cases, otherwise)
            draft.trace.append((flow.name, step.name, goto))
            draft.change_top(step=goto)
        case Assign(values, keep):
            for name, expression in values:
                draft.set_slot(name, _value(draft, expression), keep)
        case Goto(name):
            draft.change_top(step=name)
        case Call(name, values):
            called = str(draft.value(name[1:]) or "") if name.startswith("$") else name
            draft.call(called, {key: _value(draft, expression) for key, expression in values})
        case Link(name):
            draft.pop()
            draft.push(name)
        case End():
            draft.pop()
        case Answer(topic):
            wanted = draft.value(topic[1:]) if topic.startswith("$") else topic
            answering.answer_topic(draft, str(wanted or ""))
        case Do(act):
            acts.do(draft, act)
        case Study():
            learning.study(draft, action)
        case _:
            _effect(draft, flow, step, action)


def _effect(draft: Draft, flow: Flow, step: Step, action: Leaving) -> None:
    match action:
        case Remind():
            reminders.remind(draft, flow, step, action)
        case Forget(slots, names):
            for slot in slots:
                draft.drop_slot(slot)
            reminders.drop(draft, names)
        case HandOff():
            hand_off(draft, action)
        case Count(fact, values):
            draft.record(fact, **{name: spell(_value(draft, e))[:40] for name, e in values})
        case File():
            values_ = tuple((name, _raw(_value(draft, e))) for name, e in action.values)
            name = fill(action.name, draft.lookup())
            template = draft.content.templates.get(action.template)
            described = fill(template.description, dict(values_)) if template is not None else ""
            source = f"step:{flow.name}.{step.name}"
            draft.effects.append(
                MakeFile(template=action.template, name=name, values=values_, source=source, description=described)
            )
        case Send():
            values_ = tuple((name, spell(_value(draft, e))) for name, e in action.values)
            draft.effects.append(Submit(form=action.form, values=values_))
        case _:
            assert_never(action)


def _raw(value: Value) -> str:
    """A value for a template: days stay ISO days and several things stand in lines of their own."""
    if isinstance(value, tuple):
        return "\n".join(value)
    return value if isinstance(value, str) else spell(value)


def _first_true(draft: Draft, cases: tuple[tuple[Expression, str], ...], otherwise: str) -> str:
    for expression, goto in cases:
        if _value(draft, expression):
            return goto
    return otherwise


def _value(draft: Draft, expression: Expression) -> Value:
    value = evaluate(expression, asking.expression_names(draft), draft.today)
    return tuple(value) if isinstance(value, list) else value


def hand_off(draft: Draft, action: HandOff) -> None:
    """Puts the person into the queue; whoever waits or talks with a human already stays where they are."""
    if draft.session.owner in ("bot", "closed"):
        draft.change(owner="queue", waiting_since=draft.at.timestamp())
    if not action.park:
        draft.clear_frames()
    if WAITING_TOPIC in draft.content.topics:
        draft.change_part(topic=WAITING_TOPIC)  # "wann?" now asks when somebody reads
    draft.effects.append(RequestHandoff(reason=action.reason, urgency=action.urgency, team=action.team))
    draft.record("handoff", reason=action.reason, audience=draft.part.audience)
