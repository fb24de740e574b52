"""What happens when danger was noticed: answer at once, tell the humans, go on listening.

Rules: an alert is answered in every state but never over a counsellor's head: while she speaks she is warned and has
`SILENCE` seconds to write before one automatic message with the help lines goes out. An unclear sign gets one gentle
question; a second unclear sign within a week counts as an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from bot.dialogue.draft import Draft
from bot.dialogue.effects import CancelTimer, RaiseAlert, Relay
from bot.dialogue.session import WEEK, Concern
from bot.safety import URGENCIES, Finding

SILENCE: Mapping[str, float] = MappingProxyType({"emergency": 20.0})
SILENCE_DEFAULT = 60.0
SILENCE_TIMER = "safety-silence"
SECOND_LOOK = "safety.second_look"
AFTER = "safety.after"  # the talk after the answer to a danger
SAID = "danger_said"  # slot: the category of the answer given last, so that it can be read aloud; only with consent


def notice(draft: Draft, finding: Finding, text: str, message: str = "") -> None:
    """Acts on a finding; afterwards the turn is decided, the text is not used for anything else.

    Without a text (a complaint's) the counsellors hear of the danger and not of the words.
    """
    finding = _graded(draft, _of_what_was_told(draft, finding))
    if finding.level == "check":
        _second_look(draft, finding)
        return
    _raise(draft, finding)
    _end_looks(draft)
    if draft.session.owner == "counsellor":
        _warn_counsellor(draft, finding, text, message)
        return
    if draft.session.owner == "queue" and text:
        draft.effects.append(Relay(kind="text", text=text, message=message))
    if draft.session.owner == "closed":
        draft.change(owner="bot")
    draft.say(safety_text(draft, finding), source=f"safety:{finding.category}", sensitive=True)
    _remember(draft, finding.category)
    draft.change_part(recent=(), misses=0)
    draft.push(AFTER if draft.session.consent else "safety.after_without_consent")


def _end_looks(draft: Draft) -> None:
    """What was only unclear is not asked again once danger was heard: neither now nor after the answer to it."""
    if draft.top is not None and draft.top.flow == SECOND_LOOK:
        draft.pop()
    draft.change_part(frames=tuple(frame for frame in draft.part.frames if frame.flow != SECOND_LOOK))


def _of_what_was_told(draft: Draft, finding: Finding) -> Finding:
    """An unclear sign while the answer to a danger is talked about is of that danger: a child that told of abuse is not asked
    whether somebody fights at home."""
    told = str(draft.value(SAID) or "")
    if finding.level != "check" or told not in URGENCIES or all(frame.flow != AFTER for frame in draft.part.frames):
        return finding
    return replace(finding, category=told, urgency=URGENCIES[told])


def _graded(draft: Draft, finding: Finding) -> Finding:
    """Repeated unclear signs are no longer unclear."""
    concern = draft.session.concern
    recent = draft.at.timestamp() - concern.at < WEEK
    score = (concern.score if recent else 0) + 1
    if finding.level == "check" and draft.session.owner in ("bot", "closed"):
        draft.change_concern(score=score, at=draft.at.timestamp())
        if score >= 2:
            return replace(finding, level="alert", urgency="urgent")
    return finding


def _raise(draft: Draft, finding: Finding) -> None:
    draft.effects.append(
        RaiseAlert(
            category=finding.category,
            level=finding.level,
            urgency=finding.urgency,
            rule=finding.rule,
            audience=draft.part.audience or "unknown",
            text_allowed=bool(draft.session.consent),
        )
    )
    draft.record("alert", category=finding.category, urgency=finding.urgency)


def _remember(draft: Draft, category: str) -> None:
    if draft.session.consent:
        draft.set_slot(SAID, category, "session")


def safety_text(draft: Draft, finding: Finding, language: str = "") -> str:
    """The reviewed answer for this category and reader; when nobody knows who writes, the child's words are used.

    `language` other than the talk's own is for reading it aloud.
    """
    part = draft.part
    shared = len(draft.session.parts) > 1
    audience = part.audience if part.audience and not (shared and draft.session.active == "child") else "child"
    compose = draft.content.safety_answer
    if compose is None:
        return draft.text("safety.fallback")
    spoken = language or draft.session.language
    human = _human(draft, audience, spoken)
    try:
        return compose(finding, audience, part.band, part.register, spoken, draft.at, human)
    except Exception as error:  # whatever is wrong with an answer, the alert and the numbers must not go down with it
        draft.trouble(f"safety:{finding.category}", type(error).__name__)
        return draft.text("safety.fallback")


def _human(draft: Draft, audience: str, spoken: str) -> str:
    """What a human learns of the danger and when: the text itself never without consent."""
    if draft.session.owner == "counsellor":
        return ""  # she has one already
    if not draft.session.consent:
        return draft.text("safety.unread")
    return draft.content.translate_value(draft.content.when_human_reads(audience), spoken)


def _second_look(draft: Draft, finding: Finding) -> None:
    """One gentle question instead of an alarm; with a counsellor present it is only shown to her."""
    if draft.session.owner == "counsellor":
        draft.effects.append(
            RaiseAlert(
                category=finding.category,
                level="check",
                urgency=finding.urgency,
                rule=finding.rule,
                audience=draft.part.audience or "unknown",
                text_allowed=bool(draft.session.consent),
            )
        )
        return
    draft.change_concern(pending=finding.category, pending_rule=finding.rule)
    draft.record("second_look", category=finding.category)
    draft.push(SECOND_LOOK, {"look_text": safety_text(draft, finding), "category": finding.category})


def _warn_counsellor(draft: Draft, finding: Finding, text: str, message: str) -> None:
    if text:
        draft.effects.append(Relay(kind="text", text=text, message=message))
    if draft.session.concern.silence:
        return  # the automatic message for this alarm is already waiting
    draft.change_concern(silence=f"{finding.category}|{finding.urgency}|{finding.rule}")
    draft.start_timer(SILENCE_TIMER, SILENCE.get(finding.urgency, SILENCE_DEFAULT))


def counsellor_wrote(draft: Draft) -> None:
    """The counsellor answered in time: the automatic message is not needed."""
    if draft.session.concern.silence:
        draft.change_concern(silence="")
        draft.effects.append(CancelTimer(timer=SILENCE_TIMER))


def silence_is_over(draft: Draft) -> None:
    """Nobody wrote in time: one message, marked as automatic, with the help lines. The owner stays."""
    pending = draft.session.concern.silence
    if not pending:
        return
    draft.change(concern=Concern(score=draft.session.concern.score, at=draft.session.concern.at))
    category, urgency, rule = pending.split("|", 2)
    finding = Finding(category=category, level="alert", urgency=urgency, rule=rule)  # type: ignore[arg-type]  # written by us
    text = draft.text("safety.automatic")
    draft.say(f"{text}\n\n{safety_text(draft, finding)}", source=f"safety:{category}", sensitive=True)


def raise_confirmed(draft: Draft) -> None:
    """The person answered the gentle question with yes: an alert with its answer, as if it had been said plainly."""
    concern = draft.session.concern
    category = concern.pending or "emergency_now"
    urgency = "emergency" if category in _EMERGENCIES else "urgent"
    rule = concern.pending_rule or "confirmed by the person"
    finding = Finding(category=category, level="alert", urgency=urgency, rule=rule)  # type: ignore[arg-type]  # two of three
    draft.change(concern=Concern(score=concern.score, at=draft.at.timestamp()))
    draft.pop()
    _raise(draft, finding)
    draft.say(safety_text(draft, finding), source=f"safety:{category}", sensitive=True)
    _remember(draft, category)
    draft.push(AFTER if draft.session.consent else "safety.after_without_consent")


_EMERGENCIES = frozenset(
    {"suicide_self", "suicide_other", "violence_child", "sexual_abuse", "threat_other", "emergency_now"}
)


def dismiss(draft: Draft) -> None:
    """The person said no: remembered as a count only."""
    concern = draft.session.concern
    draft.record("second_look_denied", category=concern.pending)
    draft.change_concern(pending="", pending_rule="")
