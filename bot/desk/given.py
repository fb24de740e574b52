"""An order with its surroundings, and what all orders ask first."""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.events import StaffWrote
from bot.desk.state import Case, Member
from bot.desk.work import Work
from bot.dialogue.rendering import escape
from bot.machines import Place
from bot.text.normalise import fold

LONGEST_LIST = 30  # rows


@dataclass(slots=True)
class Given:
    """An order with its surroundings; `case` is that of the room, or the one whose code was given."""

    work: Work
    member: Member
    wrote: StaffWrote
    rest: str
    case: Case | None
    named: bool  # whether the case's code was given
    code: str = ""  # the code that the order names, of a case or of a recording

    @property
    def place(self) -> Place:
        return self.wrote.place

    def answer(self, text: str, **values: object) -> None:
        """A sentence in the room."""
        self.work.say(self.place, text, reply_to=self.wrote.message, **values)

    def ask(self, name: str, text: str, choices: tuple[str, ...]) -> None:
        """A question about the case, in the room."""
        self.work.ask(self.place, self.own, name, text, choices, reply_to=self.wrote.message)

    @property
    def own(self) -> Case:
        """The case; handlers that need one are only called with one."""
        assert self.case is not None
        return self.case


def mine(given: Given) -> bool:
    """Whether the case is hers (or she supervises); says so if not."""
    case = given.own
    if case.lent:
        given.answer(during_flow(given.work, case))
        return False
    if case.owner == "counsellor" and (case.counsellor == given.member.id or given.member.has("supervisor")):
        return True
    holder = f"hat {given.work.name(case.counsellor)}" if case.owner == "counsellor" else "ist nicht in Beratung"
    given.answer(f"Fall {case.code} {holder}. Es ist nichts geschehen.")
    return False


def during_flow(work: Work, case: Case) -> str:
    """Why nothing else is possible while the bot runs a flow for her."""
    title = escape(work.policy.flows.get(case.lent, case.lent))
    return f"Gerade führt der Bot den Ablauf „{title}“. Erst `/zurückholen`, dann geht es mit Ihnen weiter."


def absence(member: Member) -> str:
    """That she is not there, as it is said behind her name; "" while she is."""
    return {"da": "", "pause": "macht gerade Pause", "weg": "ist gerade nicht im Dienst"}[member.presence]


def colleague(given: Given, words: str) -> Member | None:
    """Who is meant by that alias, or by a part of it that only one has: "See" is Herr See."""
    wanted = fold(words)
    team = [one for one in given.work.desk.members.values() if one.active and wanted]
    same = [one for one in team if fold(one.alias) == wanted]
    alike = [one for one in team if wanted not in ("frau", "herr") and wanted in fold(one.alias).split()]
    return same[0] if same else alike[0] if len(alike) == 1 else None
