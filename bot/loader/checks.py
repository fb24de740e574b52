"""Rules over all flows, each a small registered function; `kavi check` runs them all and lists every problem.

A rule gets the content and a `report(place, message, severity)`; places are `file:line`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.dialogue.diary import LOOKED_UP as DIARY
from bot.dialogue.expressions import Expression
from bot.dialogue.learning import LOOKED_UP
from bot.dialogue.questions import FREE_TEXT
from bot.dialogue.rendering import PLACEHOLDER
from bot.errors import Problem
from bot.loader.nodes import missing_severity, suggestion
from bot.text.normalise import fold
from bot.text.variants import BANDS, Variants

Report = Callable[[str, str, str], None]
Rule = Callable[[Content, Report], None]

MAX_MESSAGE = 4096  # UTF-16 units of one Telegram message; a longer text is split, which an editor should decide
BUILT_IN_NAMES = frozenset({
    "audience", "band", "register", "language", "consent", "owner", "watched", "shared_phone", "land", "prison", "alias",
    "human_when", "km", "can_speak", "role_hint", "first_question", "minimum", "maximum", "unit", "source", "as_of",
    "title", "look_text", "found", "found_ids", "found_text", "wide_text", "area_text", "topic", "candidates", "asked", "category",
})  # fmt: skip
NEEDED_FLOWS = (
    "onboarding", "menu", "safety.after", "safety.after_without_consent", "safety.second_look", "repair.offer_human",
    "repair.clarify", "repair.land", "repair.continue", "repair.remember",
    *(f"repair.{name}" for name in ("stop", "help", "human", "language", "forget", "export", "quick_exit", "child_part",
                                    "adult_part", "complain", "bot", "watch_on", "watch_off", "not_helpful", "consent",
                                    "privacy")),
)  # fmt: skip
NEEDED_TEXTS = (
    "not_understood", "trouble", "empty", "edited", "undecryptable", "nothing_open", "back.nothing", "skip.needed",
    "why.default", "button.old", "media.declined", "register.leicht", "register.plain", "helpful.thanks",
    "simpler.human", "heavy", "digress.later", "digress.now",
    "queue.noted", "content.flow_gone", "content.step_gone", "counsellor.taken", "counsellor.released",
    "counsellor.requeued", "counsellor.closed", "safety.fallback", "safety.automatic", "smalltalk.greeting", "answer.next",
    "answer.expired", "answer.unsure", "answer.unsure_money", "answer.unsure_bund", "land.noted", "land.kept", "answer.same",
    "language.noticed", "lookup.distance", "lookup.unsure", "aloud.here", "aloud.nothing", "aloud.not_here", "aloud.name", "label.aloud",
    "reason.area", "answer.machine_translated", "answer.source", "answer.source_unreviewed", "answer.not_for_you", "ask.did_you_mean",
    "label.yes", "label.no", "label.skip", "label.none_of_these", "label.menu", "label.human", "label.not_helpful",
    "reason.other", "reason.voice", "reason.voice_lost",
    "course.unit", "course.questions", "course.finished", "course.unreviewed", "course.on", "course.on.also",
    "course.on.retry", "course.on.why", "course.case", "course.case.why", "course.case.end", "course.again",
    "course.again.also", "course.again.ask", "course.again.retry", "course.letter.retry", "course.question.why",
    "course.right", "course.wrong", "course.done", "course.open", "course.choose", "course.choose.retry",
    "diary.feeling", "diary.feeling_place", "diary.feeling_helped",
)  # fmt: skip

RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Registers a rule."""
    RULES.append(function)
    return function


def check_flows(content: Content) -> list[Problem]:
    """Every problem that the rules find in the flows, sorted by place."""
    found: list[Problem] = []

    def report(place: str, message: str, severity: str = "error") -> None:
        file, _, line = place.rpartition(":")
        found.append(Problem(file or place, int(line) if line.isdecimal() else 0, 1, message, severity))

    for each in RULES:
        each(content, report)
    return sorted(set(found))


def targets_of(flow: model.Flow, step: model.Step) -> list[str]:
    """The steps that may follow `step` in its flow ("" = the end)."""
    action = step.action
    behind = step.goto or flow.after(step.name)
    match action:
        case model.Branch(cases, otherwise):
            return [goto for _, goto in cases] + [otherwise]
        case model.Goto(name):
            return [name]
        case model.Link() | model.End():
            return []
        case model.Ask():
            named = [option.goto for option in action.options if option.goto]
            open_ended = any(not option.goto and not option.link for option in action.options) or not action.options
            if action.options_from or action.skip:
                open_ended = True
            aside = [goto for goto in (action.timeout_goto, action.stop_goto) if goto]
            return named + aside + ([behind] if open_ended else [])
        case model.Wait():
            return [behind, action.timeout_goto]
        case model.Remind():
            return [behind] + ([action.then] if action.then and not action.flow else [])
        case model.Do("menu" | "retry_question"):
            return [behind]
        case _:
            return [behind]


def expressions_of(step: model.Step) -> Iterator[Expression]:
    """Every expression of a step."""
    match step.action:
        case model.Branch(cases, _):
            yield from (expression for expression, _ in cases)
        case model.Assign(values, _) | model.Call(_, values) | model.Count(_, values):
            yield from (expression for _, expression in values)
        case model.File() | model.Send():
            yield from (expression for _, expression in step.action.values)
        case model.Study() if step.action.right is not None:
            yield step.action.right
        case model.Ask():
            yield from (option.when for option in step.action.options if option.when is not None)
        case _:
            return


def texts_of_step(step: model.Step) -> Iterator[Variants]:
    """Everything a step says: its text, its question's retries, reason and labels."""
    if step.say is not None:
        yield step.say
    if isinstance(step.action, model.Ask):
        yield from step.action.retry
        if step.action.why is not None:
            yield step.action.why
        yield from (option.label for option in step.action.options)


def named_slots_of(step: model.Step) -> list[str]:
    """The slots that a step names as such: a voice to play, `$slot`, rows to choose from, a vault, the day of a reminder."""
    if step.play:
        return [step.play]
    match step.action:
        case model.Answer(name) | model.Call(name, _) if name.startswith("$"):
            return [name[1:]]
        case model.Ask() if step.action.options_from:
            return [step.action.options_from]
        case model.Ask() if step.action.vault:
            return [step.action.vault]
        case model.Remind() if step.action.on:
            return [step.action.on]
        case model.Forget(slots, _):
            return list(slots)
        case _:
            return []


def placeholders_of(variants: Variants) -> Iterator[str]:
    """The dotted name of each placeholder in the texts."""
    for text in variants.texts.values():
        yield from PLACEHOLDER.findall(text)


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
def slots_are_set_before_they_are_used(content: Content, report: Report) -> None:
    """An expression or placeholder names a slot that some flow sets, or a value of the data files."""
    known = set(BUILT_IN_NAMES)
    for flow in content.flows.values():
        known |= set(flow.takes)
        for step in flow.steps:
            known |= _slots_set(step)
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for name in sorted(expression.names - known):
                    report(expression.place, f"slot {name!r} is never set{suggestion(name, known)}", "error")
            for variants in texts_of_step(step):
                _check_placeholders(content, variants, known, report)
            for name in named_slots_of(step):
                if name not in known:
                    report(step.place, f"slot {name!r} is never set{suggestion(name, known)}", "error")


def _slots_set(step: model.Step) -> set[str]:
    match step.action:
        case model.Ask():
            return {step.action.slot}
        case model.Assign(values, _):
            return {name for name, _ in values}
        case model.Call(_, values):
            return {name for name, _ in values}
        case model.Wait() if step.action.slot:
            return {step.action.slot}
        case model.Study(act="look"):
            return set(LOOKED_UP)
        case model.Do("diary_look"):
            return set(DIARY)
        case model.Do("diary_count" | "diary_note"):
            return {"diary_count"}
        case _:
            return set()


def _check_placeholders(content: Content, variants: Variants, known: set[str], report: Report) -> None:
    for name in placeholders_of(variants):
        base = name.partition(".")[0]
        if base in ("amounts", "line", "matching") and name not in content.values:
            report(variants.place, f"{{{name}}} is not in knowledge/data{suggestion(name, content.values)}", "error")
        elif (
            base == "land"
            and "." in name
            and not any(f"land.{code}.{name[5:]}" in content.values for code in content.laender)
        ):
            report(variants.place, f"{{{name}}} is not a field of knowledge/data/laender.yaml", "error")
        elif base not in known and name not in content.values:
            report(variants.place, f"{{{name}}} is never set{suggestion(name, known)}", "error")


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


@rule
def texts_fit_a_message(content: Content, report: Report) -> None:
    """A text fits one Telegram message."""
    for flow in content.flows.values():
        for step in flow.steps:
            for variants in texts_of_step(step):
                for key, text in variants.texts.items():
                    if len(text.encode("utf-16-le")) // 2 > MAX_MESSAGE:
                        report(variants.place, f"variant {key!r} is longer than {MAX_MESSAGE} characters", "error")


@rule
def children_get_their_own_words(content: Content, report: Report) -> None:
    """Where a child can come, a text that says Sie needs a variant for children."""
    for flow in content.flows.values():
        if flow.audiences and "child" not in flow.audiences:
            continue
        for step in flow.steps:
            if step.say is not None and not _has_words_for_every_child(step.say):
                text = step.say.texts.get("default", "")
                if any(f" {word}" in f" {text}" for word in ("Sie ", "Ihnen", "Ihre ", "Ihr ", "Ihren")):
                    report(step.say.place, "a child may read this: a variant `child` is missing", "warning")


def _has_words_for_every_child(variants: Variants) -> bool:
    """Whether no band reads `default`."""
    return "child" in variants.texts or all(f"child.{band}" in variants.texts for band in BANDS)


@rule
def options_do_not_shadow_commands(content: Content, report: Report) -> None:
    """An option that people type as a command word would hide that command at its question."""
    vital = {"stop", "quick_exit", "complain"}
    for flow in content.flows.values():
        for step in flow.steps:
            if not isinstance(step.action, model.Ask) or flow.name.startswith(("repair.", "safety.")):
                continue
            for option in step.action.options:
                for word in (*option.label.texts.values(), *option.also):
                    command = content.commands.phrases.get(fold(word))
                    if command in vital:
                        report(option.label.place, f"{word!r} is a reserved word ({command})", "error")


@rule
def facts_hold_no_text(content: Content, report: Report) -> None:
    """`count` never takes what a person wrote freely."""
    free = {
        step.action.slot
        for flow in content.flows.values()
        for step in flow.steps
        if isinstance(step.action, model.Ask) and step.action.kind in FREE_TEXT
    }
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Count):
                for _, expression in step.action.values:
                    for name in sorted(expression.names & free):
                        report(step.place, f"count must not take the free text {name!r}", "error")


@rule
def the_engine_has_its_texts(content: Content, report: Report) -> None:
    """Every text that the engine itself says exists."""
    for key in NEEDED_TEXTS:
        if key not in content.texts:
            report("dialogues/texts.yaml:1", f"the engine needs a text {key!r}", "error")


@rule
def every_kind_of_small_talk_has_an_answer(content: Content, report: Report) -> None:
    """Each kind of knowledge/smalltalk.yaml has a text `smalltalk.<kind>`, else a greeting would answer it."""
    for kind in sorted(set(content.index.smalltalk.values())) if content.index is not None else ():
        if f"smalltalk.{kind}" not in content.texts:
            report("knowledge/smalltalk.yaml:1", f"dialogues/texts.yaml needs a text 'smalltalk.{kind}'", "error")


@dataclass(frozen=True, slots=True)
class Types:
    """What kind of value each slot holds, as far as its questions tell."""

    number: frozenset[str]
    text: frozenset[str]


def slot_types(content: Content) -> Types:
    """Slots by the kind of value that every question for them gives."""
    kinds: dict[str, set[str]] = {}
    for flow in content.flows.values():
        for step in flow.steps:
            if isinstance(step.action, model.Ask):
                kinds.setdefault(step.action.slot, set()).add(step.action.kind)
    number = frozenset(name for name, found in kinds.items() if found == {"number"})
    text = frozenset(name for name, found in kinds.items() if not found & {"number", "yes_no", "choose_many"})
    return Types(number, text)


@rule
def expressions_compare_like_with_like(content: Content, report: Report) -> None:
    """A number is compared with numbers, a text with texts; `<` needs numbers."""
    import ast

    types = slot_types(content)
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for node in ast.walk(expression.tree):
                    if not isinstance(node, ast.Compare) or not isinstance(node.left, ast.Name) or len(node.ops) != 1:
                        continue
                    fault = _type_fault(types, node.left.id, node.ops[0], node.comparators[0])
                    if fault:
                        report(expression.place, f"{expression.source!r}: {fault}", "error")


def _type_fault(types: Types, name: str, operator: object, right: object) -> str:
    import ast

    if not isinstance(right, ast.Constant):
        return ""
    value = right.value
    ordering = isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
    if name in types.number and isinstance(value, str):
        return f"{name} is a number, {value!r} is a text"
    if name in types.text and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{name} is a text, {value!r} is a number"
    if ordering and isinstance(value, str) and name not in types.text:
        return f"{value!r} is a text and cannot be ordered"
    return ""


@rule
def options_have_the_values_that_branches_ask_for(content: Content, report: Report) -> None:
    """A branch that compares a choice with a value that no option has is a slip of the pen."""
    import ast

    options: dict[str, set[str]] = {}
    open_slots: set[str] = set()
    for flow in content.flows.values():
        for step in flow.steps:
            action = step.action
            if isinstance(action, model.Ask):
                if action.kind == "choose" and not action.options_from:
                    options.setdefault(action.slot, set()).update(option.value for option in action.options)
                elif action.kind != "choose_many":
                    open_slots.add(action.slot)
            elif isinstance(action, (model.Assign, model.Call)):
                open_slots |= {name for name, _ in action.values}
    for flow in content.flows.values():
        for step in flow.steps:
            for expression in expressions_of(step):
                for node in ast.walk(expression.tree):
                    if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id in options:
                        _check_option(node, options, open_slots, expression, report)


def _check_option(
    node: object, options: dict[str, set[str]], open_slots: set[str], expression: Expression, report: Report
) -> None:
    import ast

    assert isinstance(node, ast.Compare)
    assert isinstance(node.left, ast.Name)
    right = node.comparators[0]
    name = node.left.id
    if name in open_slots or not isinstance(right, ast.Constant) or not isinstance(right.value, str) or not right.value:
        return
    if right.value not in options[name]:
        hint = suggestion(right.value, options[name])
        report(expression.place, f"no option of {name!r} has the value {right.value!r}{hint}", "error")
