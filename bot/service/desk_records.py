"""The desk's records: cases, members, reviews and the audit log as documents of the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.desk.machine import Decision
from bot.desk.state import Case, Desk, case_from, common_from, member_from, review_from, to_text
from bot.dialogue.effects import DeliveryClass
from bot.ports import DESK, ConversationId, Document, Lane, NewOutbox, Outbound, Store, TurnCommit
from bot.service.translation import Gathered
from bot.vault.retention import days

CASE, MEMBER, COMMON, AUDIT, REVIEW = "case", "member", "desk", "audit", "review"
REVIEW_LIFETIME = timedelta(days=days("recording"))


async def load(store: Store) -> Desk:
    """The desk as it was stored last."""
    desk = await load_duty(store)
    for document in await store.documents(CASE):
        case = case_from(document.body or "{}")
        desk.cases[case.code] = case
    reviews = [review_from(document.body or "{}") for document in await store.documents(REVIEW)]
    desk.reviews = {review.code: review for review in reviews}
    return desk


async def load_duty(store: Store) -> Desk:
    """Members and today's waiting times, without cases."""
    desk = Desk()
    for document in await store.documents(MEMBER):
        member = member_from(document.body or "{}")
        desk.members[member.id] = member
    common = await store.document(COMMON, "common")
    if common is not None and common.body:
        desk.common = common_from(common.body)
    return desk


def open_cases(desk: Desk) -> list[Case]:
    """Cases that somebody still has to do something about, those who wait first."""
    waiting = desk.queue()
    others = [case for case in desk.cases.values() if case.owner == "counsellor" or (case.owner == "bot" and case.lent)]
    return waiting + sorted(others, key=lambda case: case.taken)


@dataclass(slots=True)
class DeskGathered(Gathered):
    """What the events of one round add up to, with the records that have to be written."""

    touched: set[tuple[str, str]] = field(default_factory=set)
    dropped: set[tuple[str, str]] = field(default_factory=set)

    def take(self, decision: Decision) -> None:
        """Remembers which records have to be written."""
        self.touched |= decision.touched
        self.dropped |= decision.dropped

    def say(self, outbound: Outbound, at: datetime, *, optional: bool = False, about: str | None = None) -> None:
        """Queues a message to staff, `about` a family."""
        delivery: DeliveryClass = "optional" if optional or outbound.reacts is not None else "vital"
        family = ConversationId(about) if about else None
        self.outbox.append(NewOutbox(outbound=outbound, delivery=delivery, not_before=at, about=family))

    def store(self, desk: Desk, now: datetime) -> None:
        """The touched records as documents; a case is sealed with the key of its family's conversation."""
        for kind, key in sorted(self.touched - self.dropped):
            if kind == "common":
                self.documents.append(Document(kind=COMMON, key="common", body=to_text(desk.common)))
            elif kind == "member" and key in desk.members:
                self.documents.append(Document(kind=MEMBER, key=key, body=to_text(desk.members[key])))
            elif kind == "case" and key in desk.cases:
                case = desk.cases[key]
                conversation = ConversationId(case.conversation)
                self.documents.append(Document(kind=CASE, key=key, body=to_text(case), conversation=conversation))
            elif kind == "review" and key in desk.reviews:
                until = now + REVIEW_LIFETIME
                self.documents.append(Document(kind=REVIEW, key=key, body=to_text(desk.reviews[key]), expires=until))
        for kind, key in self.dropped:
            self.documents.append(Document(kind=REVIEW if kind == "review" else CASE, key=key, body=None))

    def commit(self, lane: Lane) -> TurnCommit:
        """Everything in one transaction. No text outlives its handling: what lasts lies in cases, with the family's key."""
        return TurnCommit(
            conversation=lane.conversation, address=DESK, fence=lane.fence, version=lane.version, session="{}", consented=False,
            done=tuple(row.number for row in lane.inbox), outbox=tuple(self.outbox), posts=tuple(self.posts),
            timers=tuple(self.timers), cancel_timers=tuple(self.cancel), facts=tuple(self.facts),
            documents=tuple(self.documents), blobs=tuple(self.blobs),
        )  # fmt: skip
