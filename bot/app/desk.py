"""The desk as the settings and the content want it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from bot.config import Settings, TeamSettings
from bot.dialogue.content import Content
from bot.dialogue.flow import Ask
from bot.errors import ConfigError
from bot.machines import Place
from bot.ports import Store

REHEARSAL_HOURS = "mo-fr 9-17"

if TYPE_CHECKING:  # loaded when it is needed: a conversation in the terminal waits for no desk
    from bot.desk.hours import Policy, Team
    from bot.service.desk import DeskLane
    from bot.service.program import Speaker


async def open_desk(settings: Settings, content: Content, store: Store, speakers: Sequence[Speaker]) -> DeskLane | None:
    """The desk, when staff have a place on one of the messengers; its people's accounts are made known there.

    Raises ConfigError for hours that cannot be read.
    """
    if not settings.telegram.staff_chats and not settings.matrix.staff_rooms:
        return None
    from bot.service.desk import DeskLane
    from bot.service.desk_records import load_duty
    from bot.service.typing import TypingRelay

    trusting = {one.messenger.name: one.messenger for one in speakers if hasattr(one.messenger, "trust_staff")}

    def trust(messenger: str, user: str) -> None:
        if messenger in trusting:
            trusting[messenger].trust_staff(user)

    for member in (await load_duty(store)).members.values():
        for messenger, user in member.identities:
            trust(messenger, user)
    lane = DeskLane(store, make_policy(settings, content, speakers), trust)
    relay = TypingRelay(lane, store, {one.messenger.account: one.messenger for one in speakers})
    for one in speakers:
        if hasattr(one.messenger, "watch_typing"):
            one.messenger.watch_typing(relay.seen)
    return lane


def make_rehearsal_desk(settings: Settings, content: Content, store: Store, queue: Callable[[str], Place]) -> DeskLane:
    """The desk of this installation, all of whose teams sit elsewhere: each at the place that `queue` gives for its name.

    Where no hours are set there are some, so that evenings and weekends can be tried. Raises ConfigError.
    """
    from bot.desk.hours import parse as parse_hours
    from bot.service.desk import DeskLane

    policy = make_policy(settings, content, ())
    usual = parse_hours(REHEARSAL_HOURS)
    teams = {
        name: replace(team, places=(queue(name),), hours=replace(team.hours, spans=team.hours.spans or usual))
        for name, team in policy.teams.items()
    }
    return DeskLane(store, replace(policy, teams=teams))


def make_policy(settings: Settings, content: Content, speakers: Sequence[Speaker]) -> Policy:
    """What the settings and the content decide for the desk. Raises ConfigError."""
    from bot.desk.hours import Policy, make_rota

    desk = settings.desk
    wanted = desk.teams or {"": TeamSettings()}
    try:
        teams = {name: _team(settings, name, team, speakers) for name, team in wanted.items()}
        rota = make_rota(desk.on_call)
    except ValueError as error:
        raise ConfigError(f"desk: {error}.") from None
    begun = {  # those that people begin themselves; the others are parts of something
        name: flow
        for name, flow in content.flows.items()
        if flow.title and flow.start and "." not in name and flow.audiences != ("staff",)
    }
    flows = {name: flow.title.pick("", "", "plain") or name for name, flow in begun.items()}
    return Policy(
        teams=teams, rota=rota, urgent_minutes=desk.urgent_minutes, answer_minutes=desk.answer_minutes,
        offer_minutes=desk.offer_minutes, silent_hours=desk.silent_hours, reopen_days=desk.reopen_days,
        group_budget=desk.group_budget, canned=content.for_desk, flows=flows,
        words=_words(content),
        flows_for={name: flow.audiences for name, flow in begun.items()},
        topics={topic.id: topic.title for topic in content.topics.values()},
        topics_for={topic.id: topic.audiences for topic in content.topics.values()},
    )  # fmt: skip


def _words(content: Content) -> dict[tuple[str, str], str]:
    """How values of slots are said: labels of choices, names of Länder and prisons."""
    words = {
        (step.action.slot, option.value): option.label.pick("caregiver", "", "plain") or option.value
        for flow in content.flows.values()
        for step in flow.steps
        if isinstance(step.action, Ask) and step.action.keep != "turn"
        for option in step.action.options
    }
    words |= {("land", code): name for code, name in content.laender.items()}
    return words | {("prison", one.id): one.name for one in (content.prisons.entries if content.prisons else ())}


def _team(settings: Settings, name: str, team: TeamSettings, speakers: Sequence[Speaker]) -> Team:
    from bot.desk.hours import Hours, Team
    from bot.desk.hours import parse as parse_hours

    accounts = {one.messenger.name: one.messenger.account for one in speakers}
    only = not settings.desk.teams
    chats = settings.telegram.staff_chats if only else team.chats
    rooms = settings.matrix.staff_rooms if only else team.rooms
    hours = Hours(parse_hours(team.hours or settings.desk.hours), holidays_of(team.land or settings.desk.land))
    return Team(
        name=name, title=team.title or name or "Beratung", hours=hours,
        chats=tuple((accounts["telegram"], chat) for chat in chats if "telegram" in accounts),
        rooms=tuple((accounts["matrix"], room) for room in rooms if "matrix" in accounts),
    )  # fmt: skip


def holidays_of(land: str) -> Callable[[date], bool]:
    """Whether a day is a public holiday in that Land ("" = only the nationwide ones). Raises ConfigError."""
    from holidays import country_holidays  # half a second, and only the desk needs it

    try:
        known = country_holidays("DE", subdiv=land or None)
    except NotImplementedError:
        raise ConfigError(
            f"desk.land = {land!r}: Gemeint sind die zwei Buchstaben eines Landes, zum Beispiel BW."
        ) from None
    return lambda day: day in known
