"""One event being worked on: what is, what is to be done so far, and who has to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.dialogue.rendering import BERLIN
from bot.recording import effects as fx
from bot.recording.state import Part, Recording, Recordings, State
from bot.vault import codes
from bot.vault.retention import days

OPEN_DAYS = 30.0  # how long a code can be used, and how long a recording waits to be heard
KEPT_DAYS = 30.0  # how long it can be heard again after it was heard last
LONGEST_DAYS = days("recording")  # never longer after it was sent
AGAIN_DAYS = 3.0  # after which somebody who put it off is asked again
A_MONTH = 4  # recordings that one parent may send in thirty days
INVITED_AT_ONCE = 3  # codes of one caregiver that nobody has used yet
CODE_LENGTH = 8  # forty bits, and five guesses an hour
DAY = 86_400.0
EVENING = time(18)  # when parents hear that something arrived


class Work:
    """One event being worked on."""

    def __init__(self, recordings: Recordings, at: datetime) -> None:
        self.recordings = recordings
        self.at = at
        self.effects: list[fx.Effect] = []

    @property
    def now(self) -> float:
        return self.at.timestamp()

    def answer(self, conversation: str, flow: str, part: Part = "adult", **slots: str) -> None:
        """Begins a flow for somebody who waits for it right now."""
        self._start(conversation, flow, part, slots, asked=True)

    def tell(self, conversation: str, flow: str, part: Part = "adult", **slots: str) -> None:
        """Begins a flow for somebody who does not expect it: it waits for a good moment."""
        self._start(conversation, flow, part, slots, asked=False)

    def _start(self, conversation: str, flow: str, part: Part, slots: dict[str, str], *, asked: bool) -> None:
        if conversation:
            given = tuple(sorted(slots.items()))
            self.effects.append(fx.StartFlow(conversation=conversation, flow=flow, part=part, slots=given, asked=asked))

    def timer(self, kind: str, one: Recording, due: datetime) -> None:
        self.effects.append(fx.SetTimer(name=f"{kind}|{one.id}", due=due))

    def after(self, days: float) -> datetime:
        """So many days from now."""
        return self.at + timedelta(days=days)

    def put(self, one: Recording) -> None:
        self.recordings = replace(self.recordings, recordings={**self.recordings.recordings, one.id: one})

    def move(self, one: Recording, state: State) -> Recording:
        """The recording in its next state; the first time of each state is kept."""
        moved = replace(one, state=state, since={state: self.now, **one.since})
        self.put(moved)
        return moved

    def end(self, one: Recording) -> Recording:
        """It is over: its key dies, and nobody works on it any more. What its parent may know changes by nothing."""
        ended = replace(self.move(one, "ended"), voice="", code_hash="", child_code="")
        self.put(ended)
        self.effects += [fx.Destroy(id=one.id), fx.Unreview(id=one.id)]
        self.effects += [fx.DropTimer(name=f"{kind}|{one.id}") for kind in ("again", "expire")]
        return ended

    # ------------------------------------------------------------------ codes

    def tried_out(self, who: str) -> bool:
        """Whether somebody entered so many wrong codes that no further one is looked at for now."""
        return codes.tried_out(self.recordings.guesses, who, self.now)

    def wrong_code(self, who: str) -> None:
        """Counts it, and says so in words that are the same for unknown, used, taken back and expired codes."""
        wait = "yes" if self.tried_out(who) else ""
        self.recordings = replace(self.recordings, guesses=codes.one_more(self.recordings.guesses, who, self.now))
        self.answer(who, "recording.code_wrong", wait=wait)

    def for_child(self, one: Recording, fresh: str) -> str:
        """A new code with which a child from 14 answers in its own chat; one that was drawn before is good no more."""
        code = fresh[:CODE_LENGTH]
        self.put(replace(one, child_code=codes.hash_of(code)))
        return shown(code)

    def sent_lately(self, parent: str) -> int:
        """How many this parent has sent in thirty days, whatever became of them: an end must not be felt here."""
        since = self.now - OPEN_DAYS * DAY
        return sum(one.parent == parent and one.sent > since for one in self.recordings.recordings.values())


def shown(code: str) -> str:
    """In two parts, easier to read out."""
    return f"{code[:4]} {code[4:]}"


def news_time(at: datetime) -> datetime:
    """When a parent hears that something arrived: at six in the evening in Berlin, a day later at the least."""
    local = (at + timedelta(days=1)).astimezone(BERLIN)
    evening = datetime.combine(local.date(), EVENING, tzinfo=BERLIN)
    return evening if evening >= local else datetime.combine(local.date() + timedelta(days=1), EVENING, tzinfo=BERLIN)
