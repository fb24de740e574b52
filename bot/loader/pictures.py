"""Pictures and files beside what a flow says: they exist, and pictures are described for people who do not see them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.dialogue.flow import Flow
from bot.loader.nodes import Problems


def check_attachments(flows: Mapping[str, Flow], dialogues: Path, problems: Problems) -> None:
    """Notes each attachment that is missing below `dialogues`, and each picture without a description."""
    for flow in flows.values():
        for step in flow.steps:
            for one in step.attachments:
                path = one.source.removeprefix("content:")
                file, _, line = step.place.rpartition(":")
                if not (dialogues / path).is_file():
                    problems.add(file, int(line), 1, f"{path!r} does not exist below dialogues/")
                if one.kind == "picture" and not one.description.strip():
                    problems.add(file, int(line), 1, f"{path!r} needs a description for people who do not see it")
