"""Rules about texts: the engine has its own, children get theirs, every one fits a message."""

from __future__ import annotations

from bot.dialogue import flow as model
from bot.dialogue.content import Content
from bot.loader.checks.rules import Report, rule
from bot.loader.steps import texts_of_step
from bot.text.normalise import fold
from bot.text.variants import AUDIENCES, BANDS, Variants

MAX_MESSAGE = 4096  # UTF-16 units of one Telegram message; a longer text is split, which an editor should decide


NEEDED_TEXTS = (
    "not_understood", "not_understood.told", "not_understood.told_again", "answer.same.told", "trouble", "empty",
    "edited", "undecryptable", "nothing_open", "back.nothing", "skip.needed",
    "why.default", "button.old", "media.declined", "register.leicht", "register.plain", "helpful.thanks",
    "simpler.human", "heavy", "digress.later", "digress.now", "digress.none",
    "queue.noted", "content.flow_gone", "content.step_gone", "counsellor.taken", "counsellor.released",
    "counsellor.requeued", "counsellor.closed", "safety.fallback", "safety.unread", "safety.automatic", "smalltalk.greeting", "answer.next",
    "answer.expired", "answer.unsure", "answer.unsure_money", "answer.unsure_bund", "land.noted", "land.kept", "answer.same", "answer.also",
    "language.noticed", "lookup.distance", "lookup.unsure", "aloud.here", "aloud.nothing", "aloud.not_here", "aloud.name", "label.aloud",
    "reason.area", "answer.machine_translated", "answer.only_german", "answer.for_family",
    "answer.source", "answer.source_unreviewed", "answer.not_for_you", "ask.did_you_mean",
    "label.yes", "label.no", "label.skip", "label.none_of_these", "label.menu", "label.quick_exit", "label.human", "label.not_helpful",
    "reason.other", "reason.voice", "reason.voice_lost",
    "course.unit", "course.questions", "course.finished", "course.unreviewed", "course.on", "course.on.also",
    "course.on.retry", "course.on.why", "course.case", "course.case.why", "course.case.end", "course.again",
    "course.again.also", "course.again.ask", "course.again.retry", "course.letter.retry", "course.question.why",
    "course.right", "course.wrong", "course.done", "course.open", "course.choose", "course.choose.retry",
    "diary.feeling", "diary.feeling_place", "diary.feeling_helped",
)  # fmt: skip


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


@rule
def what_is_told_is_answered_for_everybody(content: Content, report: Report) -> None:
    """Each kind of dialogues/told.yaml offers topics that exist and has words for every child who tells it."""
    for name, told in content.hearing.kinds.items():
        say = content.texts[f"told.{name}"]
        for topic in told.offers:
            if topic not in content.topics:
                report(say.place, f"told {name!r} offers an unknown topic {topic!r}", "error")
        if "child" in told.audiences and not _has_words_for_every_child(say):
            report(say.place, "a child may read this: a variant `child` is missing", "error")


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
def every_variant_has_readers(content: Content, report: Report) -> None:
    """A variant that nobody gets to read was meant for somebody: `leicht` beside `child` where only children come."""
    for flow in content.flows.values():
        for step in flow.steps:
            for variants in texts_of_step(step):
                for key in variants.unread(flow.audiences or (*AUDIENCES, "")):
                    hint = ": children read `child` before it; call it `child.leicht`" if key == "leicht" else ""
                    report(variants.place, f"nobody who comes here reads the variant {key!r}{hint}", "warning")
