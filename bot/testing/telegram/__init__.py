"""A Bot API server for tests, as faithful as black-box knowledge allows, with people who say, edit, press and block.

    async with TelegramServer() as server:
        anna = server.person("Anna")
        anna.starts()
        ...                                   # a bot with `api_url=server.url` and `token=server.token`
        answer = await anna.hears()
        anna.presses(answer, "Ja")

Not modelled: parse modes other than HTML, payments, games, stories, business accounts, channels, private-chat topics.
"""

from bot.testing.telegram.faults import Fault
from bot.testing.telegram.people import Group, Person
from bot.testing.telegram.server import TelegramServer
from bot.testing.telegram.world import Rejected

__all__ = ["Fault", "Group", "Person", "Rejected", "TelegramServer"]
