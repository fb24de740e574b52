"""A flow as data: named steps, each with something to say and at most one action.

The loader builds these records from YAML; the walk carries them out. Steps run in order; `goto` leaves the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from bot.dialogue.effects import Attachment
from bot.dialogue.expressions import Expression
from bot.dialogue.session import Keep
from bot.text.variants import Variants

Digress = Literal["allow", "once", "confirm", "block", "drop", "never"]
"""What becomes of a question when something else is said: `drop` ends its flow at once, `once` at the second other question."""
SystemAct = Literal[
    "erase", "export", "child_part", "adult_part", "consent", "withdraw_consent", "leave_queue", "quick_exit",
    "watch_on", "watch_off", "confirm_alert", "dismiss_alert", "forget_slots", "menu",
    "not_helpful", "collect_rejected", "answer_first", "find_centres", "find_prisons", "aloud", "end_below",
    "diary_note", "diary_count", "diary_look", "diary_drop", "diary_clear",
]  # fmt: skip


class Option(Struct, frozen=True, kw_only=True):
    """One answer of a choice: the stored `value`, its `label`, who sees it, where it leads."""

    value: str
    label: Variants
    also: tuple[str, ...] = ()  # other words for it that people type
    audiences: tuple[str, ...] = ()  # () = everybody
    when: Expression | None = None
    goto: str = ""
    link: str = ""  # another flow, without coming back


class Ask(Struct, frozen=True, kw_only=True):
    """A typed question; the step's `say` is its wording.

    `retry` texts follow one another with each refused answer. `skip` allows "weiter" (the slot stays empty); a question
    repeats itself after a digression unless `quiet`, in the short words of `again` where there are any. `prefill` lets the
    triggering message answer it, also by an option's name with `prefill_named`; `reuse` lets an earlier talk do so.
    """

    kind: str
    slot: str
    keep: Keep
    options: tuple[Option, ...] = ()
    options_from: str = ""  # name of a slot that holds topic ids or `value=label` rows
    retry: tuple[Variants, ...] = ()
    why: Variants | None = None
    again: Variants | None = None
    skip: bool = False
    digress: Digress = "allow"
    quiet: bool = False
    prefill: bool = True
    prefill_named: bool = False
    reuse: bool = False  # a slot that already has a value is not asked again
    minimum: float | None = None  # dates: days from today, negative before it
    maximum: float | None = None
    unit: str = ""
    several: Literal["", "least", "greatest"] = ""  # number: which one counts when somebody names several
    past: bool = False  # dates: may lie in the past
    future: bool = True  # dates: may lie in the future
    most: int = 0  # choose_many: at most so many; long_text: characters
    timeout: float = 0.0  # seconds; 0 = never
    timeout_goto: str = ""
    stop_goto: str = ""  # the step that "Stopp" leads to here; "" = every flow ends
    passed_goto: str = ""  # with `digress: once`, the step that goes on after the second question; "" = the flow ends
    vault: str = ""  # voice: the slot that names the vault whose key seals the file


class Branch(Struct, frozen=True):
    """Go to the step of the first expression that is true, else to `otherwise`."""

    cases: tuple[tuple[Expression, str], ...]
    otherwise: str


class Assign(Struct, frozen=True):
    """Put the value of each expression into its slot."""

    values: tuple[tuple[str, Expression], ...]
    keep: Keep = "session"


class Goto(Struct, frozen=True):
    """Go on at another step of this flow."""

    step: str


class Call(Struct, frozen=True):
    """Run another flow and come back; `$slot` takes the flow's name from a slot."""

    flow: str
    values: tuple[tuple[str, Expression], ...] = ()


class Link(Struct, frozen=True):
    """Leave this flow for another one."""

    flow: str


class End(Struct, frozen=True):
    """The flow is over; the one below goes on."""


class Answer(Struct, frozen=True):
    """Say the answer of a topic; `$slot` takes the topic's id from a slot."""

    topic: str


class Remind(Struct, frozen=True, kw_only=True):
    """Say the step named `then` of this flow (or start `flow`) at the date in slot `on` plus `days`, at `at` o'clock.

    Berlin time; moments between 21:00 and 7:00 are moved to the next 8:00. Without `on` the count starts today. Of the answers
    that last for a turn only those that it `needs` wait with it; None = all.
    """

    on: str = ""
    days: int = 0
    at: str = "10:00"
    then: str = ""
    flow: str = ""
    name: str = ""
    needs: frozenset[str] | None = None


class Forget(Struct, frozen=True):
    """Drop slots, and the reminders of these names that are still to come."""

    slots: tuple[str, ...] = ()
    reminders: tuple[str, ...] = ()


class Wait(Struct, frozen=True, kw_only=True):
    """Wait until the person writes anything (kept in `slot` if named) or `seconds` have passed."""

    seconds: float
    timeout_goto: str
    slot: str = ""
    keep: Keep = "turn"


class HandOff(Struct, frozen=True, kw_only=True):
    """Bring in a human; the flow goes on while the person waits, unless `park`."""

    reason: str
    urgency: Literal["emergency", "urgent", "normal"] = "normal"
    team: str = ""
    park: bool = True


class Count(Struct, frozen=True):
    """A fact for the statistics: a name and slots or expressions with closed values."""

    fact: str
    values: tuple[tuple[str, Expression], ...] = ()


class File(Struct, frozen=True, kw_only=True):
    """Make a file (letter, calendar entry, checklist) from slots by a template and send it."""

    template: str
    name: str
    values: tuple[tuple[str, Expression], ...] = ()


class Send(Struct, frozen=True, kw_only=True):
    """Hand the named slots to a form outside the conversation (survey, referral)."""

    form: str
    values: tuple[tuple[str, Expression], ...] = ()


class Do(Struct, frozen=True):
    """A built-in act that no YAML can express."""

    act: SystemAct


class Study(Struct, frozen=True, kw_only=True):
    """Work with what a person has learned in a course; only compiled courses have such steps.

    `grade` notes whether the question `item` was answered rightly (`right`) and when it comes again, `finish` that the
    unit `item` was gone through, `look` sets the slots of `bot.dialogue.learning.LOOKED_UP`.
    """

    act: Literal["grade", "finish", "look"]
    course: str
    item: str = ""
    right: Expression | None = None


Action = (
    Ask
    | Branch
    | Assign
    | Goto
    | Call
    | Link
    | End
    | Answer
    | Remind
    | Forget
    | Wait
    | HandOff
    | Count
    | File
    | Send
    | Do
    | Study
)


class Step(Struct, frozen=True, kw_only=True):
    """One place in a flow. `goto` is where it leads when its action does not decide ("" = the next step)."""

    name: str
    place: str
    say: Variants | None = None
    attachments: tuple[Attachment, ...] = ()
    play: str = ""  # the slot that names the file of a voice to be heard with the text
    action: Action | None = None
    goto: str = ""

    @property
    def waits(self) -> bool:
        """Whether a person can stand here between two turns."""
        return isinstance(self.action, (Ask, Wait))


class Flow(Struct, frozen=True, kw_only=True):
    """A named script. `version` is the fingerprint of its source; `moved` maps removed step names to new ones."""

    name: str
    place: str
    version: str
    steps: tuple[Step, ...]
    title: Variants = field(default_factory=Variants)
    audiences: tuple[str, ...] = ()
    start: tuple[str, ...] = ()  # what people type to begin it
    transcript: bool = True  # False: what is said while it runs is not kept
    takes: tuple[str, ...] = ()  # slots that whoever begins it hands over
    remembers: bool = False  # a later message needs what an earlier one answered: not without consent
    moved: Mapping[str, str] = field(default_factory=dict)
    position: Mapping[str, int] = field(default_factory=dict)

    def step(self, name: str) -> Step | None:
        """The step of that name, or None."""
        at = self.position.get(name)
        return None if at is None else self.steps[at]

    def after(self, name: str) -> str:
        """The name of the step behind `name`, "" at the end."""
        at = self.position[name] + 1
        return self.steps[at].name if at < len(self.steps) else ""
