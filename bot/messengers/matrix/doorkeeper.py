"""Invitations in, empty rooms out: direct rooms are joined within a rate limit, all others declined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.messengers.matrix.backlog import Backlog, Invitation
from bot.messengers.matrix.homeserver import CLIENT, ApiError, Homeserver, Json, Unreachable, escape
from bot.messengers.matrix.rooms import Rooms
from bot.messengers.matrix.settings import MatrixSettings

ATTEMPTS = 7  # joins that fail while the inviting server catches up: after 1, 2, 4 ... 64 seconds
ALL_TOGETHER = 10  # all inviters together may be so many times as fast as one


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class InviteLimit:
    """Token buckets: one for each inviter and one for all."""

    def __init__(self, burst: int, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._interval, self._clock = burst, interval, clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, inviter: str) -> bool:
        """True when one more invitation of this person may be accepted now."""
        now = self._clock()
        if len(self._buckets) > 10_000:
            self._buckets.clear()
        one = self._fill(inviter, now, 1)
        everyone = self._fill("", now, ALL_TOGETHER)
        if one.tokens < 1 or everyone.tokens < 1:
            return False
        one.tokens -= 1
        everyone.tokens -= 1
        return True

    def _fill(self, name: str, now: float, factor: int) -> _Bucket:
        most = float(self._burst * factor)
        bucket = self._buckets.setdefault(name, _Bucket(most, now))
        bucket.tokens = min(most, bucket.tokens + (now - bucket.filled) * factor / self._interval)
        bucket.filled = now
        return bucket


class Doorkeeper:
    """Answers invitations and leaves rooms in a task of its own, so that a slow join never holds up the stream."""

    def __init__(self, server: Homeserver, rooms: Rooms, settings: MatrixSettings, backlog: Backlog) -> None:
        self._server, self._rooms, self._settings, self._backlog = server, rooms, settings, backlog
        self._limit = InviteLimit(settings.direct_burst, settings.direct_interval)
        self._wake = asyncio.Event()

    def note(self, invites: Json, own: str) -> None:
        """Keeps the invitations of a sync answer for later."""
        for room, invited in invites.items():
            for event in invited.get("invite_state", {}).get("events", []):
                content = event.get("content", {})
                if event.get("type") != "m.room.member" or event.get("state_key") != own:
                    continue
                if content.get("membership") == "invite" and room not in self._backlog.invitations:
                    direct = content.get("is_direct") is True
                    invitation = Invitation(room=room, inviter=str(event.get("sender", "")), direct=direct)
                    self._backlog.invitations[room] = invitation
                    self._backlog.touch()
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def leave(self, room: str) -> None:
        self._backlog.leaving.add(room)
        self._backlog.touch()
        self._wake.set()

    async def work(self) -> None:
        """Runs until cancelled. Raises Revoked."""
        while True:
            pause = await self._round()
            self._wake.clear()
            if pause is None and not self._backlog.invitations and not self._backlog.leaving:
                await self._wake.wait()
                continue
            try:
                await asyncio.wait_for(self._wake.wait(), pause if pause is not None else 1.0)
            except TimeoutError:
                continue

    async def _round(self) -> float | None:
        """Works through all that is open; returns how long to wait before the next try, None when nothing failed."""
        pauses: list[float] = []
        for invitation in list(self._backlog.invitations.values()):
            pause = await self._answer(invitation)
            if pause is None:
                self._backlog.invitations.pop(invitation.room, None)
                self._backlog.touch()
            else:
                pauses.append(pause)
        for room in sorted(self._backlog.leaving):
            pause = await self._go(room)
            if pause is None:
                self._backlog.leaving.discard(room)
                self._backlog.touch()
            else:
                pauses.append(pause)
        self._backlog.save()
        return min(pauses, default=None)

    def _welcome(self, invitation: Invitation) -> bool:
        room = invitation.room
        return invitation.direct or room in self._settings.staff_rooms or room in self._backlog.moves

    async def _answer(self, invitation: Invitation) -> float | None:
        """None when the invitation is settled, else seconds until the next try."""
        if not self._welcome(invitation):
            return await self._go(invitation.room)
        if invitation.direct and invitation.attempts == 0 and not self._limit.take(invitation.inviter):
            return self._settings.direct_interval
        invitation.attempts += 1
        self._backlog.touch()
        try:
            await self._server.call("POST", f"{CLIENT}/rooms/{escape(invitation.room)}/join", {})
        except Unreachable:
            return 5.0
        except ApiError as error:
            if error.retry_after is not None:
                return max(0.5, error.retry_after)
            if invitation.attempts < ATTEMPTS:
                return float(2 ** (invitation.attempts - 1))
            return await self._go(invitation.room)
        return None

    async def _go(self, room: str) -> float | None:
        try:
            for step in ("leave", "forget"):
                await self._server.call("POST", f"{CLIENT}/rooms/{escape(room)}/{step}", {})
        except Unreachable:
            return 5.0
        except ApiError as error:
            return max(0.5, error.retry_after or 5.0) if error.temporary else None
        self._rooms.destroy(room)
        return None
