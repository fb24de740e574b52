"""Rules about the ways through flows: every step can be reached, every name leads somewhere, no circle without a question."""

from __future__ import annotations

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.loader.checks.rules import Report, rule
from bot.loader.nodes import missing_severity, suggestion
from bot.loader.steps import targets_of

NEEDED_FLOWS = (
    "onboarding", "menu", "safety.after", "safety.after_without_consent", "safety.second_look", "repair.offer_human",
    "repair.clarify", "repair.land", "repair.continue", "repair.remember",
    *(f"repair.{name}" for name in ("stop", "help", "human", "language", "forget", "export", "quick_exit", "child_part",
                                    "adult_part", "complain", "bot", "watch_on", "watch_off", "not_helpful", "consent",
                                    "privacy")),
)  # fmt: skip


@rule
def every_goto_leads_somewhere(content: Content, report: Report) -> None:
    """`goto`, branch targets, time-outs and reminders name steps that exist."""
    for flow in content.flows.values():
        for step in flow.steps:
            for target in targets_of(flow, step):
                if target and flow.step(target) is None:
                    report(step.place, f"step {target!r} does not exist{suggestion(target, flow.position)}", "error")
        for new in flow.moved.values():
            if flow.step(new) is None:
                report(flow.place, f"moved: step {new!r} does not exist{suggestion(new, flow.position)}", "error")


@rule
def reminders_that_are_forgotten_exist(content: Content, report: Report) -> None:
    """`forget: {reminders: …}` names reminders that some flow sets."""
    actions = [(flow, step) for flow in content.flows.values() for step in flow.steps]
    names = {step.action.name or flow.name for flow, step in actions if isinstance(step.action, model.Remind)}
    for _, step in actions:
        for name in step.action.reminders if isinstance(step.action, model.Forget) else ():
            if name not in names:
                report(step.place, f"no reminder has the name {name!r}{suggestion(name, names)}", "error")


@rule
def every_flow_that_is_named_exists(content: Content, report: Report) -> None:
    """`call`, `link`, option links and reminders name flows that exist."""
    for flow in content.flows.values():
        for step in flow.steps:
            for name in _named_flows(step):
                if name not in content.flows:
                    report(step.place, f"flow {name!r} does not exist{suggestion(name, content.flows)}", "error")
    for name in NEEDED_FLOWS:
        if name not in content.flows:
            report("dialogues:0", f"the engine needs a flow {name!r}", "error")


def _named_flows(step: model.Step) -> list[str]:
    match step.action:
        case model.Call(name, _) | model.Link(name):
            return [] if name.startswith("$") else [name]
        case model.Ask():
            return [option.link for option in step.action.options if option.link]
        case model.Remind() if step.action.flow:
            return [step.action.flow]
        case _:
            return []


@rule
def every_step_can_be_reached(content: Content, report: Report) -> None:
    """No step is dead: from the first one, from options, time-outs and reminders all can be reached."""
    for flow in content.flows.values():
        reached: set[str] = set()
        waiting = [flow.steps[0].name]
        while waiting:
            name = waiting.pop()
            step = flow.step(name)
            if step is None or name in reached:
                continue
            reached.add(name)
            waiting += [target for target in targets_of(flow, step) if target]
        for step in flow.steps:
            if step.name not in reached:
                report(step.place, f"step {step.name!r} can never be reached", "error")


@rule
def no_loop_without_a_wait(content: Content, report: Report) -> None:
    """A circle of steps must contain one where the person answers."""
    for flow in content.flows.values():
        for start in flow.steps:
            if not _waits(content, start) and _returns_without_waiting(content, flow, start):
                report(start.place, f"step {start.name!r} leads back to itself without a question", "error")


def _waits(content: Content, step: model.Step) -> bool:
    """Whether the person answers here or in a flow that the step calls; `$slot` calls the question of a course."""
    if not isinstance(step.action, model.Call):
        return step.waits
    called = content.flows.get(step.action.flow)
    return step.action.flow.startswith("$") or (called is not None and any(inner.waits for inner in called.steps))


def _returns_without_waiting(content: Content, flow: model.Flow, start: model.Step) -> bool:
    seen: set[str] = set()
    waiting = _follow_at_once(flow, start)
    while waiting:
        step = flow.step(waiting.pop())
        if step is None or step.name in seen or _waits(content, step):
            continue
        if step.name == start.name:
            return True
        seen.add(step.name)
        waiting += _follow_at_once(flow, step)
    return False


def _follow_at_once(flow: model.Flow, step: model.Step) -> list[str]:
    """The steps that may follow in the same turn: what a reminder says comes on another day."""
    return [step.goto or flow.after(step.name)] if isinstance(step.action, model.Remind) else targets_of(flow, step)


@rule
def answers_name_topics(content: Content, report: Report) -> None:
    """`answer:` names a topic that exists; while it does not, the engine says that it cannot answer."""
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Answer) and not step.action.topic.startswith("$"):
                topic = step.action.topic
                if content.topics and topic not in content.topics:
                    message = f"topic {topic!r} does not exist{suggestion(topic, content.topics)}"
                    report(step.place, message, missing_severity(topic, content.topics))


@rule
def courses_that_are_studied_exist(content: Content, report: Report) -> None:
    """`study:` names a course."""
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Study) and step.action.course not in content.courses:
                report(
                    step.place,
                    f"course {step.action.course!r} does not exist{suggestion(step.action.course, content.courses)}",
                    "error",
                )
