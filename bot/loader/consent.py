"""Which words somebody agreed to: every question whose yes lets Kavi remember, as one short version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bot.dialogue import flow as model

_LENGTH = 10  # hex digits


def consent_version(flows: Mapping[str, model.Flow]) -> str:
    """A fingerprint that changes with any word of such a question, in any register.

    It is kept with the consent, so that whoever runs Kavi can show which text was agreed to: the content of that day has it.
    """
    asked = [
        f"{flow.name}.{step.name}.{key}\n{text}"
        for flow in flows.values()
        if any(isinstance(step.action, model.Do) and step.action.act == "consent" for step in flow.steps)
        for step in flow.steps
        if isinstance(step.action, model.Ask) and step.action.kind == "yes_no" and step.say is not None
        for key, text in step.say.texts.items()
    ]
    return hashlib.sha256("\n".join(sorted(asked)).encode()).hexdigest()[:_LENGTH]
