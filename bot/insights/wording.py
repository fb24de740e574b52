"""German names for what the tables count. Answers of the survey are named by the options of the flow itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.insights.questions import BY_LAND, QUESTIONS, TAKEN, UNKNOWN_LAND
from bot.insights.tables import GERMANY, LAND, NO_TOPIC, SURVEY
from bot.text.spans import parse, plain

GROUPS: Mapping[str, str] = {
    "visit": "Besuch", "contact": "Briefe, Telefon, Pakete", "prison": "Haft und Entlassung", "money": "Geld und Ämter",
    "family": "Familie und Hilfe", "law": "Sorge- und Umgangsrecht", "child": "Fragen von Kindern",
    "parent": "Fragen von Eltern in Haft", "staff": "Fragen von Fachkräften", "bot": "Fragen zu Kavi selbst",
    NO_TOPIC: "Kein passendes Thema",
}  # fmt: skip
SHORT: Mapping[str, str] = {
    "visit": "Besuch", "contact": "Kontakt", "prison": "Haft", "money": "Geld", "family": "Familie", "law": "Recht",
    "child": "Kinder", "parent": "Eltern", "staff": "Fach",
}  # fmt: skip
"""For the heads of narrow columns."""
WAITING = (
    "unter 10 Minuten",
    "10 bis 30 Minuten",
    "30 bis 60 Minuten",
    "1 bis 4 Stunden",
    "4 bis 24 Stunden",
    "über 24 Stunden",
)
WAYS: Mapping[str, str] = {
    "poster": "Plakat", "card": "Karte", "school": "Schule", "office": "Amt oder Beratungsstelle", "brief": "Bericht",
    "web": "Internetseite",
}  # fmt: skip
TITLES: Mapping[str, str] = {
    "themes": "Beantwortete Fragen nach Thema",
    "needs": "Beantwortete Fragen nach Thema und Land",
    "weeks": "Beantwortete Fragen je Woche",
    "gaps": "Fragen ohne gute Antwort nach Thema",
    "gap_weeks": "Fragen ohne gute Antwort je Woche",
    "waits": "Wartezeit auf einen Menschen",
    "came": "Wie Menschen zu Kavi kamen",
    "prisons": "Angekommen über Plakat oder Karte eines Gefängnisses",
    SURVEY + TAKEN: "Teilnahmen an der Umfrage",
    LAND + TAKEN: "Teilnahmen an der Umfrage nach Land",
    **{SURVEY + question.id: question.title for question in QUESTIONS},
    **{LAND + question.id: f"{question.title}, nach Land" for question in QUESTIONS if question.id in BY_LAND},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Names of Länder, answers and prisons, and the questions as they were asked."""

    laender: Mapping[str, str]
    answers: Mapping[tuple[str, str], str]  # (question, answer)
    questions: Mapping[str, str]
    prisons: Mapping[str, str]
    groups: tuple[str, ...]

    def land(self, code: str) -> str:
        """The name of a Land or of the row that has none."""
        return {UNKNOWN_LAND: "Ohne Angabe", GERMANY: "Deutschland"}.get(code) or self.laender.get(code, code)

    def category(self, table: str, name: str) -> str:
        """The name of a table's column."""
        if table.startswith((SURVEY, LAND)):
            question = table.removeprefix(SURVEY).removeprefix(LAND)
            return self.answers.get((question, name), "Frage beantwortet" if not name else "Teilgenommen")
        if table == "waits":
            return WAITING[int(name)]
        if table == "came":
            return WAYS[name]
        if table == "prisons":
            return self.prisons.get(name, name)
        return GROUPS.get(name, name)


def wording_of(content: Content) -> Wording:
    """What the content calls things."""
    answers: dict[tuple[str, str], str] = {}
    questions: dict[str, str] = {}
    for step in content.flows["survey"].steps if "survey" in content.flows else ():
        if not isinstance(step.action, Ask) or step.say is None:
            continue
        question = step.action.slot.removeprefix("survey_")
        questions[question] = plain(parse(step.say.pick("", "", "plain") or ""))
        for option in step.action.options:
            answers[question, option.value] = option.label.pick("", "", "plain") or option.value
    entries = content.prisons.entries if content.prisons is not None else ()
    return Wording(
        laender=content.laender,
        answers=answers,
        questions=questions,
        prisons={entry.id: entry.name for entry in entries},
        groups=tuple(sorted({topic.partition(".")[0] for topic in content.topics})),
    )
