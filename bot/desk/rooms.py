"""The room of a case: asked for, left, moved, erased. Each case that a counsellor has, has one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.desk import cards
from bot.desk import effects as fx
from bot.desk.state import Case, Link, Member
from bot.desk.table import meaning
from bot.desk.work import Work
from bot.machines import Place

CASES_IN_A_FORUM = 20  # beyond that the next forum of the team is used


def find_room(work: Work, member: Member, case: Case, place: Place) -> None:
    """The room in which she works: the one she is in if it is the case's own and she may read it, else a new one."""
    if case.place is not None and case.place == place and place.messenger == "telegram":
        cards.show_summary(work, case, place)
        return
    leave_room(work, case)
    case.room += 1
    case.room_tries = 0
    ask_room(work, member, case, place)


def ask_room(work: Work, member: Member, case: Case, place: Place) -> None:
    """Asks for a room on the messenger from which she took the case."""
    invite = [user for messenger, user in member.identities if messenger == place.messenger]
    for other in work.desk.members.values():
        if other.active and other.id != member.id and other.has("supervisor"):
            invite += [user for messenger, user in other.identities if messenger == place.messenger]
    parent = _forum(work, case, place) if place.messenger == "telegram" else ""
    work.order(
        fx.OpenRoom(
            code=case.code, number=case.room, messenger=place.messenger, account=place.account, title=_title(case, place),
            invite=tuple(dict.fromkeys(invite)), parent=parent,
        )
    )  # fmt: skip


def _title(case: Case, place: Place) -> str:
    """Who has two cases tells their rooms apart by the trees. Matrix shows names of rooms to every server on the way, so
    there nothing stands in it by which a family that comes again could be recognised.
    """
    return f"Fall {case.code}" if place.messenger == "matrix" else f"Fall {case.code} · {case.alias}"


def another_room(work: Work, case: Case) -> None:
    """A room for a case that has none, where its counsellor has an account; `case` is open for writing."""
    case.room += 1
    member, places = work.desk.members[case.counsellor], work.queue_places(case) or work.all_queues()
    ask_room(work, member, case, home(member, places))


def home(member: Member, places: Sequence[Place]) -> Place:
    """The first of these places on a messenger on which she has an account, for a room is of use only there."""
    messengers = {messenger for messenger, _ in member.identities}
    return next((place for place in places if place.messenger in messengers), places[0])


def _forum(work: Work, case: Case, place: Place) -> str:
    """The forum for a new topic: the one she is in, or the emptiest one of the team when it has many cases."""
    chats = [work.now_at("telegram", chat) for account, chat in work.team(case).chats if account == place.account]
    forums = chats or [place.chat]
    load = {chat: 0 for chat in forums}
    for one in work.desk.cases.values():
        if one.place is not None and one.place.chat in load and one.owner == "counsellor":
            load[one.place.chat] += 1
    if place.chat in load and load[place.chat] < CASES_IN_A_FORUM:
        return place.chat
    return min(forums, key=lambda chat: (load[chat], chat))


def leave_room(work: Work, case: Case) -> None:
    """The room of before is closed; what it showed cannot be answered there any more."""
    if case.place is None:
        return
    work.order(fx.CloseRoom(code=case.code, number=case.room, place=case.place))
    if not case.merged:
        case.rooms = tuple(dict.fromkeys((*case.rooms, case.place)))[-20:]
    case.place = None
    case.asks, case.drafts = (), ()
    waiting = tuple(shown for _, shown in case.pending)
    case.backlog, case.pending = (*case.backlog, *waiting), ()


def erase_rooms(work: Work, case: Case) -> None:
    """The rooms of a case that is forgotten go with everything written in them; one that it only shared stays."""
    here = (case.place,) if case.place is not None and not case.merged else ()
    for place in dict.fromkeys((*case.rooms, *here)):
        if not work.is_queue(place):
            work.order(fx.CloseRoom(code=case.code, number=case.room, place=place, erase=True))


def place_moved(work: Work, place: Place, chat: str) -> None:
    """The same room at a new address: cases, cards and the settings' places go along."""
    common = work.common()
    common.moves = (*common.moves, (place.messenger, place.chat, chat))[-50:]
    for case in list(work.desk.cases.values()):
        lives = case.place is not None and (case.place.messenger, case.place.chat) == (place.messenger, place.chat)
        if lives and meaning(case.owner, "room moved") == "go_along":
            work.edit(case).place = case.place._replace(chat=chat) if case.place is not None else None
        if any((one.messenger, one.chat) == (place.messenger, place.chat) for one, _ in case.cards):
            work.edit(case).cards = ()  # old messages cannot be edited from the new address
            if case.owner == "queue":
                cards.post_cards(work, work.desk.cases[case.code])
    work.audit("bot", "place moved", reason=place.messenger)


def only_family_side(case: Case) -> tuple[Link, ...]:
    """Links to messages in a room that is gone are void; the counsellor's words can still be taken back by number."""
    return tuple(replace(link, staff="") for link in case.links if link.who == "counsellor")
