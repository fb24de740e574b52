"""What reaches the desk's lane: each row of its inbox as an event of the pure desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bot.desk import events as ev
from bot.desk.state import case_from
from bot.machines import Place
from bot.ports import DESK, Inbound, InboxRow, place_of
from bot.service.translation import blob_of


def to_the_desk(inbound: Inbound) -> Inbound:
    """An event of a chat of staff as an event of the desk's lane; its own address travels along."""
    address = inbound.address
    rest = {key: value for key, value in inbound.payload.items() if key != "chat"}
    if inbound.kind == "moved":
        rest["new_chat"] = inbound.payload.get("chat", "")
    return Inbound(
        address=DESK, external_id=f"{address.messenger}|{address.account}|{inbound.external_id}", kind=inbound.kind,
        at=inbound.at, sender=inbound.sender, text=inbound.text, message=inbound.message, relates_to=inbound.relates_to,
        group=inbound.group, press=inbound.press, media=inbound.media, private=False, verified=inbound.verified,
        payload={"place": list(place_of(address)), **rest},
    )  # fmt: skip


def event_of(row: InboxRow) -> ev.Event | None:
    """What a row of the desk's inbox means; None when it means nothing."""
    inbound = row.inbound
    if "place" in inbound.payload:
        return _of_staff(inbound)
    if inbound.kind == "timer":
        return ev.TimerDue(at=inbound.at, name=str(inbound.payload["timer"]))
    if inbound.kind != "desk":
        return None
    return _of_machinery(inbound) or _of_family(inbound)


def _of_staff(inbound: Inbound) -> ev.Event | None:
    place = Place(*inbound.payload["place"])
    who: Mapping[str, Any] = {"at": inbound.at, "place": place, "sender": inbound.sender, "verified": inbound.verified}
    match inbound.kind:
        case "text" | "media":
            media = inbound.media.kind if inbound.media is not None else ""
            return ev.StaffWrote(
                message=inbound.message, text=inbound.text, reply_to=inbound.relates_to, blob=blob_of(inbound) or "",
                media=media, group=inbound.group, **who,
            )  # fmt: skip
        case "press" if inbound.press is not None:
            return ev.StaffPressed(
                question=inbound.press[0], option=inbound.press[1], message=inbound.relates_to, **who
            )
        case "edit":
            return ev.StaffEdited(message=inbound.relates_to, text=inbound.text, **who)
        case "delete":
            return ev.StaffEdited(message=inbound.relates_to, text=None, **who)
        case "reaction":
            return ev.StaffReacted(message=inbound.relates_to, emoji=inbound.text, **who)
        case "left" if inbound.payload.get("user"):
            return ev.StaffLeft(at=inbound.at, place=place, sender=str(inbound.payload["user"]))
        case "left":
            return ev.PlaceLost(at=inbound.at, place=place)
        case "moved" if inbound.payload.get("new_chat"):
            return ev.PlaceMoved(at=inbound.at, place=place, chat=str(inbound.payload["new_chat"]))
        case _:
            return None


def _of_machinery(inbound: Inbound) -> ev.Event | None:
    data, at = inbound.payload, inbound.at
    match data.get("event"):
        case "Delivered":
            return ev.Delivered(at=at, report=data["report"], outcome=data["outcome"], ids=tuple(data["ids"]))
        case "RoomOpened":
            place = Place(*data["where"]) if data["where"] else None
            return ev.RoomOpened(at=at, code=data["code"], number=int(data["number"]), place=place)
        case "MemberSet":
            known = {f.name for f in fields(ev.MemberSet)} - {"at"}
            values: dict[str, Any] = {
                key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key in known
            }
            return ev.MemberSet(at=at, **values)
        case _:
            return None


def _of_family(inbound: Inbound) -> ev.Event | None:
    data, at = inbound.payload, inbound.at
    conversation = str(data.get("conversation", ""))
    match data.get("event"):
        case "RequestHandoff":
            return ev.HandoffRequested(
                at=at, conversation=conversation, reason=data["reason"], urgency=data["urgency"], team=data["team"],
                profile=_profile(data),
            )  # fmt: skip
        case "CancelHandoff":
            return ev.HandoffCancelled(at=at, conversation=conversation)
        case "RaiseAlert":
            return ev.AlertRaised(
                at=at, conversation=conversation, alert=str(data["alert"]), category=data["category"], level=data["level"],
                urgency=data["urgency"], text_allowed=bool(data["text_allowed"]), profile=_profile(data),
            )  # fmt: skip
        case "Relay":
            return ev.FamilyActed(
                at=at, conversation=conversation, kind=data["kind"], text=data["text"], message=data["message"],
                reply_to=data.get("reply_to", ""), blob=data["blob"] or "", media=data["media"] or "",
            )  # fmt: skip
        case "Complained":
            return ev.Complained(at=at, conversation=conversation)
        case "Erase":
            return ev.Forgotten(at=at, conversation=conversation, traces=tuple(map(case_from, data.get("traces", ()))))
        case "Review":
            return ev.VoiceCame(
                at=at, id=str(data["id"]), voice=str(data["voice"]), kind=str(data["kind"]), group=str(data["group"]),
                family=str(data["family"]),
            )  # fmt: skip
        case "Unreview":
            return ev.VoiceOver(at=at, id=str(data["id"]))
        case "Served":
            return ev.Served(at=at, conversation=conversation, owner=str(data["owner"]), profile=_profile(data))
        case _:
            return None


def _profile(data: Mapping[str, Any]) -> ev.Profile:
    known = data.get("profile") or {}
    slots = tuple((str(name), str(value)) for name, value in known.get("slots", ()))
    return ev.Profile(
        audience=known.get("audience", ""), band=known.get("band", ""), language=known.get("language", "de"),
        land=known.get("land", ""), slots=slots, watched=bool(known.get("watched", False)),
    )  # fmt: skip
