"""Laws of recorded voices, tried with random people; what each may learn; and the table in the README."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.rendering import BERLIN
from bot.recording import Recording, Recordings, decide
from bot.recording import effects as fx
from bot.recording import events as ev
from bot.recording.state import STATES, known_to, recording_from, to_text
from bot.recording.table import TABLE
from bot.recording.work import A_MONTH, news_time
from bot.vault.codes import hash_of

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
README = Path(__file__).parents[3] / "bot" / "README.md"
SAFE = {"remand": "no", "ban": "no"}


class Life:
    """Everybody on a clock that each step moves; `told` collects (conversation, flow, slots) of the last event."""

    def __init__(self) -> None:
        self.now, self.all, self.drawn = START, Recordings(), 0
        self.timers: dict[str, datetime] = {}
        self.effects: tuple[fx.Effect, ...] = ()
        self.teen_codes: list[str] = []

    def happen(self, event: ev.Event) -> tuple[fx.Effect, ...]:
        decision = decide(self.all, event)
        assert decide(self.all, event) == decision, "the same input gives the same decision"
        self.all, self.effects = decision.recordings, decision.effects
        for effect in self.effects:
            if isinstance(effect, fx.SetTimer):
                self.timers[effect.name] = effect.due
            elif isinstance(effect, fx.DropTimer):
                self.timers.pop(effect.name, None)
            elif isinstance(effect, fx.StartFlow) and effect.flow == "recording.teen_code":
                self.teen_codes.append(dict(effect.slots)["code"])
        return self.effects

    def send(self, who: str, form: str, /, **values: str) -> tuple[fx.Effect, ...]:
        self.drawn += 1
        fresh = f"C0DE{self.drawn:04}" + f"id{self.drawn}"
        return self.happen(ev.FormSent(at=self.now, conversation=who, form=form, values=values, fresh=fresh))

    def wait(self, **time: float) -> list[fx.StartFlow]:
        """Time passes with everything that comes due; what was begun meanwhile."""
        until, begun = self.now + timedelta(**time), []
        while self.timers and min(self.timers.values()) <= until:
            name = min(self.timers, key=lambda one: self.timers[one])
            self.now = max(self.now, self.timers.pop(name))
            begun += [one for one in self.happen(ev.TimerDue(at=self.now, name=name)) if isinstance(one, fx.StartFlow)]
        self.now = until
        return begun

    def invite(self, age: int = 8) -> str:
        """The caregiver draws a code; the recording's id."""
        self.send("mum", "invite", age=str(age), **SAFE)
        return f"id{self.drawn}"

    def sent(self, age: int = 8) -> str:
        """A parent sends a recording for a child of that age; its id."""
        id = self.invite(age)
        self.send("dad", "code", code=f"code {id[2:]:>04}", where="leave", kind="story")
        self.send("dad", "sent", id=id, voice=f"in-{id}")
        assert self.state(id) == "offered"
        return id

    def ready(self, age: int = 8) -> str:
        id = self.sent(age)
        self.send("mum", "agree", id=id, answer="yes", **SAFE)
        if age >= 14:
            self.send("mum", "child", id=id, answer="yes", who="child")
        self.happen(ev.Judged(at=self.now, id=id, released=True))
        assert self.state(id) == "ready"
        return id

    def hear(self, id: str, who: str = "child") -> list[fx.StartFlow]:
        effects = self.send("mum", "play", id=id, who=who)
        return [one for one in effects if isinstance(one, fx.StartFlow)]

    def state(self, id: str) -> str:
        return self.all.recordings[id].state

    def flows(self) -> list[str]:
        return [one.flow for one in self.effects if isinstance(one, fx.StartFlow)]

    def list_of(self, who: str, role: str) -> list[fx.StartFlow]:
        return [one for one in self.send(who, "list", who=role) if isinstance(one, fx.StartFlow)]


@pytest.fixture
def life() -> Life:
    return Life()


def test_a_story_from_the_code_to_being_heard(life: Life) -> None:
    id = life.invite(8)
    assert [one for one in life.effects if isinstance(one, fx.Open)] == [fx.Open(id=id)]
    life.send("dad", "code", code="c0de-0001", where="released", kind="story")
    assert life.flows() == ["recording.record"]
    life.send("dad", "sent", id=id, voice="in-1")
    assert life.flows() == ["recording.sent", "recording.offer"]
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    assert [one for one in life.effects if isinstance(one, fx.Review)], "the counsellors are asked"
    life.happen(ev.Judged(at=life.now, id=id, released=True))
    assert life.flows() == ["recording.ready", "recording.child_offer"]
    (played,) = life.hear(id)
    assert (played.flow, played.part, dict(played.slots)["voice"]) == ("recording.play", "child", f"voice-{id}")
    life.wait(days=20)
    assert life.hear(id), "and once more, weeks later"
    life.wait(days=29)
    assert life.hear(id), "thirty days after it was heard last"
    life.wait(days=12)
    assert life.state(id) == "ended", "but not for ever"


def test_a_child_from_fourteen_decides_before_any_counsellor_listens(life: Life) -> None:
    id = life.sent(14)
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    assert life.flows() == ["recording.teen_code", "recording.child_ask"]
    assert not [one for one in life.effects if isinstance(one, fx.Review)]
    life.send("mum", "child", id=id, answer="yes", who="caregiver")
    assert life.state(id) == "asked", "the caregiver cannot answer for it"
    life.send("mum", "child", id=id, answer="yes", who="child")
    assert life.state(id) == "review"


def asked_teen(life: Life) -> str:
    """A recording for a child of 15 that has entered its code in a chat of its own."""
    id = life.sent(15)
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    life.send("kid", "join", code=life.teen_codes[-1], who="child", own="yes")
    return id


def test_a_child_with_a_phone_of_its_own_decides_and_hears_there_alone(life: Life) -> None:
    id = asked_teen(life)
    assert [(one.conversation, one.flow, one.part) for one in life.effects if isinstance(one, fx.StartFlow)] == [
        ("kid", "recording.child_ask", "adult")
    ]
    life.send("mum", "child", id=id, answer="no", who="child")
    assert (life.flows(), life.state(id)) == (["recording.gone"], "asked"), "nobody answers for it on the shared phone"
    life.send("kid", "child", id=id, answer="yes", who="child", own="yes")
    assert life.state(id) == "review"
    life.happen(ev.Judged(at=life.now, id=id, released=True))
    assert [(one.conversation, one.flow) for one in life.effects if isinstance(one, fx.StartFlow)] == [
        ("mum", "recording.ready"),
        ("kid", "recording.child_offer"),
    ]
    assert [one.flow for one in life.hear(id)] == ["recording.gone"], "not in the child part of the caregiver's phone"
    assert [one.flow for one in life.list_of("mum", "child")] == ["recording.nothing"]
    heard = life.send("kid", "play", id=id, who="child", own="yes")
    (played,) = [one for one in heard if isinstance(one, fx.StartFlow)]
    assert (played.conversation, played.flow, played.part) == ("kid", "recording.play", "adult")


def test_the_childs_code_is_good_once_for_one_and_only_after_the_caregivers_yes(life: Life) -> None:
    id = asked_teen(life)
    first = life.teen_codes[-1]
    life.send("eve", "join", code=first, who="child", own="yes")
    assert life.flows() == ["recording.code_wrong"]
    life.send("mum", "teen", id=id)
    assert life.effects == (), "it has its chat already"
    other = life.sent(16)
    life.send("mum", "teen", id=other)
    assert life.effects == (), "she has not agreed yet"
    life.send("mum", "agree", id=other, answer="yes", **SAFE)
    old = life.teen_codes[-1]
    life.send("mum", "teen", id=other)
    assert life.flows() == ["recording.teen_code"]
    for who, code, own in (("kid", old, "yes"), ("mum", life.teen_codes[-1], "yes"), ("gran", life.teen_codes[-1], "")):
        life.send(who, "join", code=code, who="child", own=own)
        assert life.flows() == ["recording.code_wrong"], "an older code; the caregiver herself; a phone that is shared"
    life.send("kid", "join", code=life.teen_codes[-1].lower(), who="child", own="yes")
    assert life.flows() == ["recording.child_ask"]


def test_a_child_that_deletes_its_chat_has_said_no(life: Life) -> None:
    id = asked_teen(life)
    life.happen(ev.Forgotten(at=life.now, conversation="kid"))
    assert (life.state(id), life.all.recordings[id].child) == ("ended", "")
    assert life.flows() == []


def test_what_is_told_about_it_goes_with_the_chat(life: Life) -> None:
    id = asked_teen(life)
    assert known_to(life.all, "kid", "adult") == ["child"]
    assert known_to(life.all, "mum", "child") == []
    assert known_to(life.all, "mum", "adult") == ["family"]
    life.send("kid", "child", id=id, answer="no", who="child", own="yes")
    assert known_to(life.all, "kid", "adult") == []


def test_a_small_childs_recording_goes_to_the_caregiver(life: Life) -> None:
    id = life.ready(4)
    assert life.flows() == ["recording.small"]
    assert life.hear(id, "child")[0].flow == "recording.gone"
    (played,) = life.hear(id, "caregiver")
    assert (played.flow, played.part) == ("recording.play", "adult")


@pytest.mark.parametrize(
    "answers", [{"remand": "yes", "ban": "no"}, {"remand": "no", "ban": "yes"}, {"remand": "no", "ban": "unknown"}, {}]
)
def test_with_remand_or_a_ban_there_is_no_code_and_a_yes_is_a_no(life: Life, answers: dict[str, str]) -> None:
    life.send("mum", "invite", age="8", **answers)
    assert not life.all.recordings
    id = life.sent()
    life.send("mum", "agree", id=id, answer="yes", **answers)
    assert life.state(id) == "ended"


@pytest.mark.parametrize("where", ["closed", "remand", ""])
def test_who_is_inside_cannot_record(life: Life, where: str) -> None:
    id = life.invite()
    life.send("dad", "code", code="C0DE0001", where=where, kind="story")
    assert life.effects == ()
    assert life.state(id) == "invited"


def refuse_by(life: Life, id: str, who: str) -> None:
    """Takes a recording for a child of 15 to the point where this one refuses."""
    if who == "nobody":
        return
    life.send("mum", "agree", id=id, answer="no" if who == "caregiver" else "yes", **SAFE)
    if who != "caregiver":
        life.send("mum", "child", id=id, answer="no" if who == "child" else "yes", who="child")
    if who == "counsellor":
        life.happen(ev.Judged(at=life.now, id=id, released=False))


def what_dad_hears(who: str) -> list[tuple[float, tuple[tuple[str, str], ...]]]:
    """Everything the parent is told, and when, and the answers to asking every day, if `who` refuses."""
    life, heard = Life(), []
    id = life.sent(15)
    life.wait(hours=7)
    life.effects = ()
    refuse_by(life, id, who)
    assert not [one for one in life.effects if isinstance(one, fx.StartFlow) and one.conversation == "dad"]
    for _ in range(35):
        told = [one for one in life.wait(days=1) if one.conversation == "dad"] + life.list_of("dad", "parent")
        heard += [(life.now.timestamp(), one.slots) for one in told]
    return heard


@pytest.mark.parametrize("who", ["caregiver", "child", "counsellor"])
def test_the_parent_hears_the_same_at_the_same_time_whoever_refuses_or_nobody_does(who: str) -> None:
    assert what_dad_hears(who) == what_dad_hears("nobody")


def test_a_code_that_was_taken_back_answers_the_parent_as_if_nothing_had_happened(life: Life) -> None:
    id = life.invite()
    life.send("dad", "code", code="C0DE0001", where="leave", kind="story")
    life.send("mum", "revoke")
    life.send("dad", "sent", id=id, voice="in-1")
    assert life.flows() == ["recording.sent"]
    assert fx.Destroy(id=id) in life.effects
    assert life.wait(days=31)[-1].flow == "recording.parent_news"


def test_that_it_arrived_is_told_the_next_evening_at_the_earliest(life: Life) -> None:
    id = life.ready()
    life.hear(id)
    first_of_list = life.list_of("dad", "parent")[0]
    assert dict(first_of_list.slots)["state"] == "waiting"
    (news,) = [one for one in life.wait(days=3) if one.conversation == "dad"]
    assert dict(news.slots)["state"] == "arrived"
    life.send("mum", "child", id=id, answer="no", who="child")
    assert dict(life.list_of("dad", "parent")[0].slots)["state"] == "arrived", "deleting it later changes nothing"
    assert not [one for one in life.wait(days=40) if one.conversation == "dad"]


@pytest.mark.parametrize("hour", range(24))
def test_news_come_at_six_in_the_evening(hour: int) -> None:
    heard = START.replace(hour=hour)
    news = news_time(heard)
    assert news.astimezone(BERLIN).hour == 18
    assert timedelta(days=1) <= news - heard < timedelta(days=2)


def test_only_so_many_a_month_whatever_became_of_them(life: Life) -> None:
    for _ in range(A_MONTH):
        id = life.sent()
        life.send("mum", "agree", id=id, answer="no")
    life.invite()
    life.send("dad", "code", code=f"C0DE{life.drawn:04}", where="leave", kind="message")
    assert life.flows() == ["recording.enough"]
    life.wait(days=31)
    life.invite()
    life.send("dad", "code", code=f"C0DE{life.drawn:04}", where="leave", kind="message")
    assert life.flows() == ["recording.record"]


def test_who_tries_out_codes_has_to_wait_and_wrong_ones_all_sound_the_same(life: Life) -> None:
    used = life.sent()
    assert used
    life.send("eve", "code", code="C0DE0001", where="leave")
    wrong = life.effects
    life.send("eve", "code", code="NOTHING0", where="leave")
    assert life.effects == wrong, "a used code and one that never was"
    for _ in range(5):
        life.send("eve", "code", code="NOTHING0", where="leave")
    life.invite()
    life.send("eve", "code", code=f"C0DE{life.drawn:04}", where="leave")
    assert life.flows() == ["recording.code_wrong"], "not even the right one now"


def test_where_nobody_can_listen_there_is_no_code(life: Life) -> None:
    form = ev.FormSent(at=life.now, conversation="mum", form="invite", values={"age": "8", **SAFE}, staffed=False)
    life.happen(form)
    assert life.flows() == ["recording.not_here"]
    assert not life.all.recordings


def test_a_caregiver_cannot_be_the_parent_and_has_few_open_codes(life: Life) -> None:
    life.invite()
    life.send("mum", "code", code="C0DE0001", where="leave")
    assert life.flows() == ["recording.code_wrong"]
    life.invite()
    life.invite()
    life.invite()
    assert life.flows() == ["recording.codes_open"]
    life.send("mum", "revoke")
    life.invite()
    assert life.flows() == ["recording.code"]


@pytest.mark.parametrize("who", ["mum", "dad"])
def test_erasing_either_side_destroys_it_and_the_other_hears_nothing_new(life: Life, who: str) -> None:
    id = life.ready()
    life.happen(ev.Forgotten(at=life.now, conversation=who))
    assert fx.Destroy(id=id) in life.effects
    assert life.flows() == []
    assert life.hear(id)[0].flow == "recording.gone"
    one = life.all.recordings[id]
    assert who not in (one.caregiver, one.parent)
    told = [one.flow for one in life.wait(days=40)]
    assert told == (["recording.parent_news"] if who == "mum" else [])


def test_each_can_delete_it_after_it_was_heard(life: Life) -> None:
    for who, form, values in (
        ("mum", "agree", {"answer": "no"}),
        ("mum", "child", {"answer": "no", "who": "child"}),
        ("dad", "delete", {"which": "newest"}),
    ):
        life.wait(hours=1)
        id = life.ready()
        life.hear(id)
        life.send(who, form, id=id, **values)
        assert fx.Destroy(id=id) in life.effects
        assert life.state(id) == "ended"
    life.wait(days=31)
    id = life.sent()
    life.send("dad", "delete", which="all")
    assert life.list_of("dad", "parent")[-1].flow == "recording.parent_list"
    assert dict(life.list_of("dad", "parent")[-1].slots)["count"] == "0"


def test_put_off_is_asked_again_and_unheard_ones_lapse(life: Life) -> None:
    id = life.ready()
    life.send("mum", "child", id=id, answer="later", who="child")
    assert "recording.child_offer" in [one.flow for one in life.wait(days=3)]
    life.wait(days=30)
    assert life.state(id) == "ended"
    assert life.hear(id)[0].flow == "recording.gone"


def test_lists_show_each_what_is_theirs(life: Life) -> None:
    assert [one.flow for one in life.list_of("mum", "caregiver")] == ["recording.codes"]
    id = life.sent(15)
    assert [one.flow for one in life.list_of("mum", "caregiver")] == ["recording.offer"]
    assert [one.flow for one in life.list_of("mum", "child")] == ["recording.nothing"]
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    assert [one.flow for one in life.list_of("mum", "child")] == ["recording.child_ask"]
    life.send("mum", "child", id=id, answer="yes", who="child")
    life.happen(ev.Judged(at=life.now, id=id, released=True))
    assert [one.flow for one in life.list_of("mum", "child")] == ["recording.child_offer"]
    life.hear(id)
    assert [one.flow for one in life.list_of("mum", "child")] == ["recording.child_again"]
    assert [dict(one.slots)["state"] for one in life.list_of("mum", "caregiver")] == ["here"]


# ------------------------------------------------------------------ laws

STEP = st.tuples(
    st.sampled_from(["invite", "invite", "code", "code", "sent", "sent", "agree", "agree", "child", "child", "play", "play", "play",
                     "judge", "judge", "delete", "revoke", "list", "teen", "join", "join", "forget", "timer", "nonsense"]),
    st.sampled_from(["mum", "mum", "dad", "gran", "eve", "kid", "kid"]),
    st.integers(0, 5),  # which recording
    st.sampled_from(["yes", "yes", "yes", "no", "later"]),
    st.sampled_from(["child", "child", "caregiver", "parent"]),
    st.sampled_from(["no", "no", "no", "yes"]),
    st.sampled_from(["4", "8", "15"]),
)  # fmt: skip


class Witness:
    """Notes every yes and no that was really given, beside the machine and without its table."""

    def __init__(self) -> None:
        self.yes: set[tuple[str, str]] = set()
        self.no: set[str] = set()

    def sees(self, event: ev.Event, before: Recordings) -> None:
        if isinstance(event, ev.Judged):
            self.yes.add((event.id, "counsellor")) if event.released else None
        elif isinstance(event, ev.Forgotten):
            self.no |= {
                id
                for id, one in before.recordings.items()
                if event.conversation in (one.caregiver, one.parent, one.child)
            }
        elif isinstance(event, ev.FormSent) and (one := before.recordings.get(event.values.get("id", ""))) is not None:
            self._form(event, one)

    def _form(self, event: ev.FormSent, one: Recording) -> None:
        values, family = event.values, event.conversation == one.caregiver
        child = event.conversation == (one.child or one.caregiver)
        if event.form == "agree" and family and one.sent:
            safe = values["remand"] == values["ban"] == "no"
            self.yes.add((one.id, "caregiver")) if values["answer"] == "yes" and safe else None
            self.no.add(one.id) if values["answer"] == "no" or (values["answer"] == "yes" and not safe) else None
        elif event.form == "child" and child and values["who"] == "child" and "caregiver" in self._given(one.id):
            self.yes.add((one.id, "child")) if values["answer"] == "yes" else None

    def _given(self, id: str) -> set[str]:
        return {who for one, who in self.yes if one == id}

    def allows(self, one: Recording) -> bool:
        needed = {"caregiver", "counsellor"} | ({"child"} if one.group == "teen" else set())
        return needed <= self._given(one.id) and one.id not in self.no


def _teen_code(life: Life, id: str) -> str:
    one = life.all.recordings.get(id)
    return next((code for code in life.teen_codes if one is not None and hash_of(code) == one.child_code), "NOTHING0")


def make(step: tuple[str, ...], life: Life) -> ev.Event:
    what, who, which, answer, role, ban, age = step
    ids = sorted(life.all.recordings) or ["none"]
    id = ids[int(which) % len(ids)]
    if what == "timer":
        names = sorted(life.timers) or ["odd"]
        return ev.TimerDue(at=life.now, name=names[int(which) % len(names)])
    if what == "judge":
        return ev.Judged(at=life.now, id=id, released=answer != "no")
    if what == "forget":
        return ev.Forgotten(at=life.now, conversation=who)
    life.drawn += 1
    values = {"id": id, "answer": answer, "who": role, "remand": "no", "ban": ban, "age": age, "voice": f"sound-of-{id}", "where": "leave",
              "own": "yes" if who == "kid" else "", "kind": "story", "which": "newest",
              "code": _teen_code(life, id) if what == "join" else f"C0DE{id[2:]:>04}"}  # fmt: skip
    return ev.FormSent(
        at=life.now, conversation=who, form=what, values=values, fresh=f"C0DE{life.drawn:04}id{life.drawn}"
    )


@given(st.lists(STEP, min_size=5, max_size=60))
def test_nothing_is_ever_heard_without_every_yes_in_whatever_order(steps: Sequence[tuple[str, ...]]) -> None:
    life, witness = Life(), Witness()
    for step in steps:
        life.now += timedelta(hours=1)
        event, before = make(step, life), life.all
        witness.sees(event, before)
        for effect in life.happen(event):
            if isinstance(effect, fx.StartFlow):
                check(life, witness, effect, event)
        for one in life.all.recordings.values():
            assert recording_from(to_text(one)) == one
            assert one.live or not one.voice, "what is over names no sound"
        ended = {id for id, one in life.all.recordings.items() if not one.live} - {
            id for id, one in before.recordings.items() if not one.live
        }
        assert ended == {one.id for one in life.effects if isinstance(one, fx.Destroy) and one.id in ended}


def check(life: Life, witness: Witness, effect: fx.StartFlow, event: ev.Event) -> None:
    slots = dict(effect.slots)
    if "voice" in slots:
        one = life.all.recordings[slots["id"]]
        assert witness.allows(one)
        assert effect.conversation == (one.child or one.caregiver)
        assert effect.part == ("adult" if one.group == "small" or one.child else "child")
        assert not one.child or one.group == "teen"
    asked = isinstance(event, ev.FormSent) and event.conversation == effect.conversation
    if effect.conversation != getattr(event, "conversation", "") and "id" in slots:
        one = life.all.recordings[slots["id"]]
        assert effect.conversation in (one.caregiver, one.parent, one.child), "nobody else hears of it"
    if not asked and effect.flow.startswith("recording.parent"):
        assert effect.flow == "recording.parent_news", "a parent is told of nothing but that, and of that by a timer"
        assert isinstance(event, ev.TimerDue)


def test_every_yes_together_is_enough() -> None:
    """The law above would hold for a machine that never plays anything."""
    for age in (4, 8, 15):
        life = Life()
        id = life.ready(age)
        assert [one for one in life.hear(id, "caregiver" if age < 6 else "child") if "voice" in dict(one.slots)]


# ------------------------------------------------------------------ the README


def drawn() -> str:
    rows = [f"| event | {' | '.join(STATES)} |", f"|---|{'---|' * len(STATES)}"]
    rows += [f"| {kind} | {' | '.join(row[state] for state in STATES)} |" for kind, row in TABLE.items()]
    return "\n".join(rows) + "\n"


def test_the_readme_shows_the_table() -> None:
    begin, end = "<!-- recording table -->\n", "<!-- end of recording table -->\n"
    text = README.read_text(encoding="utf-8")
    assert text[text.index(begin) + len(begin) : text.index(end)] == drawn()


# ------------------------------------------------------------------ what comes late, twice, or from nobody


def test_what_may_be_told_of_it_depends_on_who_holds_the_phone(life: Life) -> None:
    id = life.invite()
    said = {"mum adult": ["code"], "mum child": [], "dad adult": []}
    assert {one: known_to(life.all, *one.split()) for one in said} == said
    life.send("dad", "code", code="C0DE0001", where="leave", kind="story")
    life.send("dad", "sent", id=id, voice="in-1")
    assert known_to(life.all, "mum", "adult") == ["family"]
    assert known_to(life.all, "mum", "child") == [], "a child hears of it only when it may hear it"
    assert known_to(life.all, "dad", "adult") == ["waiting"]
    assert known_to(life.all, "dad", "child") == known_to(life.all, "eve", "adult") == []
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    life.happen(ev.Judged(at=life.now, id=id, released=True))
    assert known_to(life.all, "mum", "child") == ["child"]
    life.hear(id)
    life.wait(days=3)
    assert known_to(life.all, "dad", "adult") == ["arrived"]
    life.send("dad", "delete", which="newest")
    assert known_to(life.all, "dad", "adult") == known_to(life.all, "mum", "adult") == []


def test_a_small_childs_recording_is_told_to_no_child(life: Life) -> None:
    life.ready(4)
    assert known_to(life.all, "mum", "child") == []
    assert known_to(life.all, "mum", "adult") == ["family"]


def test_sending_once_more_after_it_ended_is_answered_and_counts_once(life: Life) -> None:
    id = life.sent()
    life.send("mum", "agree", id=id, answer="no")
    life.send("dad", "sent", id=id, voice="in-2")
    assert life.effects == (
        fx.StartFlow(conversation="dad", flow="recording.sent", part="adult", slots=(), asked=True),
    )


@pytest.mark.parametrize(("age", "steps", "flow"), [(8, 0, "recording.offer"), (15, 1, "recording.child_ask")])
def test_who_put_it_off_is_asked_once_more_in_the_same_words(life: Life, age: int, steps: int, flow: str) -> None:
    id = life.sent(age)
    if steps:
        life.send("mum", "agree", id=id, answer="yes", **SAFE)
        life.send("mum", "child", id=id, answer="later", who="child")
    else:
        life.send("mum", "agree", id=id, answer="later", **SAFE)
    assert [one.flow for one in life.wait(days=3)] == [flow]


def test_what_nobody_knows_is_passed_over(life: Life) -> None:
    for event in (
        ev.TimerDue(at=life.now, name="again|none"),
        ev.Judged(at=life.now, id="none", released=True),
        ev.FormSent(at=life.now, conversation="mum", form="nonsense"),
        ev.FormSent(at=life.now, conversation="mum", form="agree", values={"id": "none", "answer": "yes"}),
    ):
        assert life.happen(event) == ()


def test_taking_codes_back_leaves_what_was_sent(life: Life) -> None:
    sent, unused = life.sent(), life.invite()
    life.send("mum", "revoke")
    assert (life.state(sent), life.state(unused)) == ("offered", "ended")


def test_a_caregiver_cannot_answer_as_the_child_she_hears_it_for(life: Life) -> None:
    id = life.ready(4)
    for answer in ("yes", "no"):
        life.send("mum", "child", id=id, answer=answer, who="caregiver")
        assert life.effects == ()
        assert life.state(id) == "ready"


def test_erasing_a_stranger_changes_nothing(life: Life) -> None:
    life.ready()
    before = life.all
    assert life.happen(ev.Forgotten(at=life.now, conversation="eve")) == ()
    assert life.all == before


def test_only_the_parent_with_the_code_sends_and_a_second_yes_changes_nothing(life: Life) -> None:
    id = life.invite()
    life.send("dad", "code", code="C0DE0001", where="leave", kind="story")
    for who, voice in (("eve", "in-1"), ("dad", "")):
        assert life.send(who, "sent", id=id, voice=voice) == ()
    assert life.state(id) == "joined"
    life.send("dad", "sent", id=id, voice="in-1")
    life.send("mum", "agree", id=id, answer="yes", **SAFE)
    before = life.all
    assert life.send("mum", "agree", id=id, answer="yes", **SAFE) == ()
    assert life.all == before
    assert recording_from(to_text(life.all.recordings[id])) == life.all.recordings[id]
