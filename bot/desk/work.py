"""One decision in the making: the desk's copy that is written to, and the orders gathered so far."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.desk import effects as fx
from bot.desk.commands import CODE_LENGTH, check_letter
from bot.desk.hours import BERLIN, Policy, Team
from bot.desk.state import MAX_NOTES, Case, Common, Desk, Member, Note, Review, Shown
from bot.dialogue import events as family
from bot.machines import Place
from bot.vault.chain import Link
from bot.vault.codes import LETTERS

MINUTE = 60.0
BURST_PAUSE = 4.0  # seconds after which what was merged is shown, when a forum's minute is nearly full


class Work:
    """Copies what it changes; `touched` says what has to be stored."""

    def __init__(self, desk: Desk, policy: Policy, at: datetime) -> None:
        self.desk = desk.copy()
        self.policy = policy
        self.at = at
        self.now = at.timestamp()
        self.effects: list[fx.Effect] = []
        self.touched: set[tuple[str, str]] = set()
        self.dropped: set[tuple[str, str]] = set()

    # ------------------------------------------------------------------ records

    def edit(self, case: Case) -> Case:
        """The case to write into."""
        if ("case", case.code) not in self.touched:
            self.touched.add(("case", case.code))
            self.desk.cases[case.code] = replace(case)
        return self.desk.cases[case.code]

    def edit_member(self, member: Member) -> Member:
        """The member to write into."""
        if ("member", member.id) not in self.touched:
            self.touched.add(("member", member.id))
            self.desk.members[member.id] = replace(member)
        return self.desk.members[member.id]

    def common(self) -> Common:
        """The common part to write into, with today's waiting times."""
        if ("common", "") not in self.touched:
            self.touched.add(("common", ""))
            self.desk.common = replace(self.desk.common)
        today = self.at.astimezone(BERLIN).date().isoformat()
        if self.desk.common.day != today:
            self.desk.common.day, self.desk.common.waits = today, ()
        return self.desk.common

    def drop_case(self, case: Case) -> None:
        """Forgets a case for good."""
        self.desk.cases.pop(case.code, None)
        self.touched.discard(("case", case.code))
        self.dropped.add(("case", case.code))

    def put_review(self, review: Review) -> None:
        """Keeps what is known of a recording that waits."""
        self.touched.add(("review", review.code))
        self.desk.reviews[review.code] = review

    def drop_review(self, review: Review) -> None:
        """It waits no more."""
        self.desk.reviews.pop(review.code, None)
        self.touched.discard(("review", review.code))
        self.dropped.add(("review", review.code))

    def new_case(self, conversation: str) -> Case:
        """A new case with a code that says nothing. Whom an earlier one of the family passes over, it passes over too."""
        earlier = self.desk.case_of(conversation)
        number = 0
        while (code := make_code(conversation, self.now, number)) in self.desk.cases:
            number += 1
        case = Case(
            code=code, conversation=conversation, opened=self.now,
            alias=earlier.alias if earlier is not None else self._new_alias(conversation),
            passed_over=earlier.passed_over if earlier is not None else (),
        )  # fmt: skip
        self.desk.cases[code] = case
        self.touched.add(("case", code))
        return case

    def _new_alias(self, conversation: str) -> str:
        """A name whose tree no open case has, as long as there are others: two "Linde" at once are soon mixed up."""
        used = {case.alias.split()[0] for case in self.desk.cases.values() if case.owner != "closed" and case.alias}
        return alias_of(conversation, used if len(used) < len(_TREES) else ())

    def member(self, id: str) -> Member | None:
        """The member of that id, also one who left."""
        return self.desk.members.get(id)

    def name(self, id: str) -> str:
        """How colleagues read her."""
        member = self.desk.members.get(id)
        return member.alias if member is not None else "jemand"

    def team(self, case: Case) -> Team:
        """The team a case belongs to."""
        return self.policy.team(case.team)

    # ------------------------------------------------------------------ orders

    def order(self, effect: fx.Effect) -> None:
        """Adds any order."""
        if isinstance(effect, (fx.Show, fx.ShowHistory)):
            self._count(effect.place)
        self.effects.append(effect)

    def say(self, place: Place, text: str, **values: object) -> None:
        """A sentence of the desk to staff."""
        self.order(fx.Show(place=place, text=text, **values))  # type: ignore[arg-type]  # passed on as they are

    def ask(self, place: Place, case: Case, name: str, text: str, choices: tuple[str, ...], **values: object) -> None:
        """A question of the desk about a case; once it is delivered the case knows what a keycap under it means."""
        question = f"{case.code}.{name}"
        report = json.dumps(["ask", case.code, question, place.chat])
        self.say(place, text, choices=choices, question=question, report=report, **values)

    def mark(self, place: Place, message: str, emoji: str) -> None:
        """Shows what the desk made of a message."""
        if message:
            self.effects.append(fx.Mark(place=place, message=message, emoji=emoji))

    def tell(self, case: Case, event: fx.FamilyEvent) -> None:
        """An event for the family's lane."""
        self.effects.append(fx.Tell(conversation=case.conversation, event=event))

    def news(self, case: Case, key: str, **values: str) -> None:
        """Tells a waiting family something; which text, the content says."""
        self.tell(case, family.DeskNews(at=self.at, text_key=key, values=tuple(sorted(values.items()))))

    def timer(self, name: str, seconds: float) -> None:
        """A timer of the desk."""
        self.effects.append(fx.SetTimer(name=name, due=self.at + timedelta(seconds=seconds)))

    def audit(self, who: str, action: str, case: str = "", reason: str = "") -> None:
        """A line of the log. `reason` is a word of ours or of staff, never of a family."""
        common = self.common()
        line, end = Link(common.audit, common.audit_hash).next(
            at=self.at.astimezone(UTC).isoformat(timespec="seconds"), who=who, did=action, case=case, why=reason[:200]
        )
        common.audit, common.audit_hash = end.number, end.hash
        self.effects.append(fx.Audit(number=common.audit, line=line))

    def fact(self, name: str, **values: str) -> None:
        """A fact without text."""
        self.effects.append(fx.Fact(name=name, values=tuple(sorted(values.items()))))

    def note(self, case: Case, by: str, text: str, message: str = "") -> None:
        """Keeps a note in the case."""
        case = self.edit(case)
        case.notes = (*case.notes, Note(self.now, by, text[:2000], message))[-MAX_NOTES:]

    # ------------------------------------------------------------------ rooms

    def queue_places(self, case: Case | None = None, team: Team | None = None) -> list[Place]:
        """Where cards stand: the general topic of each forum and each queue room of the team."""
        team = team or (self.team(case) if case is not None else self.policy.team(""))
        found = [Place("telegram", account, chat) for account, chat in team.chats]
        found += [Place("matrix", account, room) for account, room in team.rooms]
        found += team.places
        return [place._replace(chat=self.now_at(place.messenger, place.chat)) for place in found]

    def now_at(self, messenger: str, chat: str) -> str:
        """The address of a place today: the settings may still know the one of before it moved."""
        for where, old, new in self.desk.common.moves:
            if (where, old) == (messenger, chat):
                chat = new
        return chat

    def all_queues(self) -> list[Place]:
        """The queue places of all teams, each once."""
        places = [place for team in self.policy.teams.values() for place in self.queue_places(team=team)]
        return list(dict.fromkeys(places))

    def is_queue(self, place: Place) -> bool:
        """Whether cards stand in that place."""
        return place in self.all_queues()

    def full(self, place: Place) -> bool:
        """Whether this forum's minute is so full that bursts have to be merged."""
        if place.messenger != "telegram" or not self.policy.group_budget:
            return False
        recent = [at for at in self.desk.sends.get(place.chat, ()) if at > self.now - MINUTE]
        return len(recent) >= self.policy.group_budget

    def _count(self, place: Place) -> None:
        if place.messenger == "telegram":
            recent = tuple(at for at in self.desk.sends.get(place.chat, ()) if at > self.now - MINUTE)
            self.desk.sends[place.chat] = (*recent, self.now)

    def show_in_room(self, case: Case, shown: Shown) -> None:
        """Shows something of the family in the case's room, now, in the next merged message, or when there is a room."""
        case = self.edit(case)
        if case.place is None or case.backlog or self.full(case.place):
            case.backlog = (*case.backlog, shown)[-200:]
            if case.place is not None:
                self.timer(f"flush|{case.code}", BURST_PAUSE)
            return
        self._show(case, shown)

    def flush(self, case: Case) -> None:
        """Shows what was kept back: texts together, files one by one."""
        case = self.edit(case)
        rows, case.backlog = case.backlog, ()
        if case.place is None:
            case.backlog = rows
            return
        texts: list[Shown] = []
        for row in rows:
            if row.kind == "text" and not row.blob and not row.reply_to and sum(len(one.text) for one in texts) < 3000:
                texts.append(row)
                continue
            self._show_merged(case, texts)
            texts = []
            self._show(case, row)
        self._show_merged(case, texts)

    def _show_merged(self, case: Case, rows: list[Shown]) -> None:
        if rows:
            self._show(case, replace(rows[-1], text="\n".join(row.text for row in rows)))

    def _show(self, case: Case, shown: Shown) -> None:
        assert case.place is not None
        report = json.dumps(["show", case.code, f"{case.room}.{len(case.pending)}.{self.now}.{len(self.effects)}"])
        case.pending = (*case.pending, (report, shown))[-100:]
        who = shown.alias or case.alias
        text = f"{who}: {shown.text}" if shown.text else f"{who}:"
        self.say(
            case.place, text, blob=shown.blob, media=shown.media, reply_to=shown.reply_to, report=report, markup=False
        )


def make_code(conversation: str, at: float, number: int) -> str:
    """Five letters that follow from nothing a person could know, and one that checks them."""
    digest = hashlib.sha256(f"{conversation}|{at}|{number}".encode()).digest()
    body = "".join(LETTERS[byte % 32] for byte in digest[: CODE_LENGTH - 1])
    return body + check_letter(body)


_TREES = (
    "Ahorn", "Birke", "Buche", "Eiche", "Erle", "Esche", "Fichte", "Hasel", "Kiefer", "Lärche", "Linde", "Pappel", "Tanne",
    "Ulme", "Weide", "Zeder", "Holunder", "Kastanie", "Kirsche", "Platane", "Robinie", "Eibe", "Walnuss", "Quitte",
)  # fmt: skip


def alias_of(conversation: str, but: Collection[str] = ()) -> str:
    """A name by which staff can speak of a family without knowing it; `but` are trees that it shall not have."""
    digest = hashlib.sha256(b"alias" + conversation.encode()).digest()
    trees = [tree for tree in _TREES if tree not in but]
    return f"{trees[digest[0] % len(trees)]} {digest[1] % 90 + 10}"
