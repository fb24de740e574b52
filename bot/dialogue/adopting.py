"""New content under running talks: who stands in a flow that has changed goes on in today's version of it."""

from __future__ import annotations

from msgspec import structs

from bot.dialogue.draft import Draft
from bot.dialogue.flow import Ask
from bot.dialogue.session import Frame


def adopt_new_content(draft: Draft) -> None:
    """Moves frames to today's version of their flow; a removed step is asked again, never lost."""
    frames: list[Frame] = []
    for frame in draft.part.frames:
        moved = _moved(draft, frame)
        if moved is not None:
            frames.append(moved)
    if tuple(frames) != draft.part.frames:
        draft.change_part(frames=tuple(frames))


def _moved(draft: Draft, frame: Frame) -> Frame | None:
    flow = draft.content.flows.get(frame.flow)
    if flow is None:
        draft.say_key("content.flow_gone")
        return None
    if frame.version == flow.version:
        return frame
    name = frame.step
    if flow.step(name) is None:
        name = flow.moved.get(name, "")
    if flow.step(name) is not None:
        return structs.replace(frame, version=flow.version, step=name)
    draft.say_key("content.step_gone")
    known = tuple(
        step.action.slot
        for step in flow.steps
        if isinstance(step.action, Ask) and draft.value(step.action.slot) is not None
    )
    return Frame(flow=flow.name, version=flow.version, step=flow.steps[0].name, known=known, local=frame.local)
