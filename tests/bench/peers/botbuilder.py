"""botbuilder-dialogs in the same six-turn conversation, state saved to its memory storage (as JSON) each turn."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from botbuilder.core import BotAdapter, ConversationState, MemoryStorage, MessageFactory, TurnContext
from botbuilder.dialogs import DialogSet, DialogTurnStatus, WaterfallDialog
from botbuilder.dialogs.choices import Choice
from botbuilder.dialogs.prompts import ChoicePrompt, ConfirmPrompt, NumberPrompt, PromptOptions, TextPrompt
from botbuilder.schema import Activity, ActivityTypes, ChannelAccount, ConversationAccount, ResourceResponse

TURNS = ("hallo", "Tisch reservieren", "Maria", "hundert", "4", "yes")
SECONDS = 1.0


class Screen(BotAdapter):
    """Takes what the bot says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        self.said += [activity.text for activity in activities]
        return [ResourceResponse(id="1") for _ in activities]

    async def update_activity(self, context: TurnContext, activity: Activity) -> None: ...

    async def delete_activity(self, context: TurnContext, reference: Any) -> None: ...


async def _between(prompt: Any) -> bool:
    return bool(prompt.recognized.succeeded and 1 <= prompt.recognized.value <= 20)


def build() -> tuple[ConversationState, DialogSet]:
    """The restaurant as a waterfall."""
    state = ConversationState(MemoryStorage())
    dialogs = DialogSet(state.create_property("dialogs"))
    for prompt in (
        ChoicePrompt("choice", default_locale="de-de"),
        TextPrompt("text"),
        NumberPrompt("number", _between, default_locale="en-us"),
        ConfirmPrompt("confirm", default_locale="en-us"),
    ):
        dialogs.add(prompt)

    async def ask(step: Any, kind: str, text: str, **options: Any) -> Any:
        return await step.prompt(kind, PromptOptions(prompt=MessageFactory.text(text), **options))

    async def what(step: Any) -> Any:
        await step.context.send_activity("Hallo, willkommen!")
        labels = ("Tisch reservieren", "Öffnungszeiten", "Speisekarte")
        return await ask(step, "choice", "Womit kann ich helfen?", choices=[Choice(label) for label in labels])

    async def name(step: Any) -> Any:
        return await ask(step, "text", "Gern! Auf welchen Namen?")

    async def people(step: Any) -> Any:
        step.values["name"] = step.result
        retry = MessageFactory.text("Bitte eine Zahl von 1 bis 20.")
        return await ask(step, "number", f"Für wie viele Personen, {step.result}?", retry_prompt=retry)

    async def confirm(step: Any) -> Any:
        step.values["people"] = int(step.result)
        return await ask(
            step, "confirm", f"Tisch für {step.result} auf den Namen {step.values['name']}. Soll ich buchen?"
        )

    async def thank(step: Any) -> Any:
        text = "Der Tisch ist reserviert." if step.values["people"] < 7 else "Unser Team meldet sich."
        await step.context.send_activity(f"Danke, {step.values['name']}! {text}")
        return await step.end_dialog()

    dialogs.add(WaterfallDialog("root", [what, name, people, confirm, thank]))
    return state, dialogs


async def main() -> None:
    state, dialogs = build()
    screen = Screen()

    async def bot(context: TurnContext) -> None:
        dialog = await dialogs.create_context(context)
        if (await dialog.continue_dialog()).status == DialogTurnStatus.Empty:
            await dialog.begin_dialog("root")
        await state.save_changes(context)

    async def conversation() -> None:
        for text in TURNS:
            activity = Activity(
                type=ActivityTypes.message, text=text, channel_id="bench", locale="en-us", service_url="https://x", id="1",
                from_property=ChannelAccount(id="u"), recipient=ChannelAccount(id="b"), conversation=ConversationAccount(id="c"),
            )  # fmt: skip
            await screen.run_pipeline(TurnContext(screen, activity), bot)

    await conversation()
    assert "reserviert" in screen.said[-1], screen.said
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        await conversation()
        screen.said.clear()
        count += len(TURNS)
    print(count / (time.perf_counter() - start))


if __name__ == "__main__":
    asyncio.run(main())
