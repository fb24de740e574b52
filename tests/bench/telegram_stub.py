"""The smallest Bot API that a benchmark needs: CHATS people, each with one message under way, in a closed loop.

A person's next message is queued when the bot's answer arrives. `python -m tests.bench.telegram_stub PORT CHATS COUNT`
warms up, measures five rounds of COUNT answers and prints them as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import deque

from aiohttp import web

ROUNDS = 5
TURNS = ("/start", "Tisch reservieren", "Maria", "hundert", "4", "ja")
LAST = "Der Tisch für 4 Personen ist reserviert"
ME = {"id": 1, "is_bot": True, "first_name": "b", "username": "b_bot", "can_join_groups": True,
      "can_read_all_group_messages": False, "supports_inline_queries": False}  # fmt: skip


class Loop:
    """Counts answers and keeps the people talking."""

    def __init__(self, chats: int, count: int) -> None:
        self.count = count
        self.updates: deque[dict[str, object]] = deque()
        self.news = asyncio.Event()
        self.numbers = 0
        self.turn: dict[int, int] = {}
        self.asked: dict[int, float] = {}
        self.latencies: list[float] = []
        self.rates: list[float] = []
        self.answers = 0
        self.round_at = 0.0
        self.wrong = 0
        for chat in range(1000, 1000 + chats):
            self.say(chat)

    def say(self, chat: int) -> None:
        turn = self.turn.get(chat, 0)
        self.turn[chat] = turn + 1
        self.numbers += 1
        person = {"id": chat, "is_bot": False, "first_name": "A", "language_code": "de"}
        message = {"message_id": self.numbers, "date": int(time.time()), "from": person, "text": TURNS[turn % len(TURNS)],
                   "chat": {"id": chat, "type": "private", "first_name": "A"}}  # fmt: skip
        self.updates.append({"update_id": self.numbers, "message": message})
        self.asked[chat] = time.perf_counter()
        self.news.set()

    def answered(self, chat: int, text: str) -> None:
        now = time.perf_counter()
        if self.round_at:
            self.latencies.append(now - self.asked[chat])
        if self.turn[chat] % len(TURNS) == 0 and LAST not in text:
            self.wrong += 1
        self.answers += 1
        if not self.round_at and self.answers >= self.count // 2:
            self.round_at, self.answers = now, 0
        elif self.round_at and self.answers == self.count:
            self.rates.append(self.count / (now - self.round_at))
            self.round_at, self.answers = now, 0
            if len(self.rates) == ROUNDS:
                self.finish()
        self.say(chat)

    def finish(self) -> None:
        spent = sorted(self.latencies)
        p50, p99 = (round(spent[int(len(spent) * share)] * 1000, 1) for share in (0.5, 0.99))
        print(json.dumps({"rates": self.rates, "p50_ms": p50, "p99_ms": p99, "wrong": self.wrong}), flush=True)
        os._exit(0)


def _ok(result: object) -> web.Response:
    return web.Response(body=json.dumps({"ok": True, "result": result}).encode(), content_type="application/json")


def serve(port: int, chats: int, count: int) -> None:
    loop = Loop(chats, count)

    async def call(request: web.Request) -> web.Response:
        method = request.match_info["method"].lower()
        if method == "getme":
            return _ok(ME)
        values = await request.post()
        if method == "getupdates":
            if not loop.updates:
                loop.news.clear()
                try:
                    await asyncio.wait_for(loop.news.wait(), float(str(values.get("timeout", "0"))) or 0.01)
                except TimeoutError:
                    return _ok([])
            return _ok([loop.updates.popleft() for _ in range(min(len(loop.updates), 100))])
        if method == "sendmessage":
            chat, text = int(str(values["chat_id"])), str(values["text"])
            loop.answered(chat, text)
            person = {"id": chat, "type": "private", "first_name": "A"}
            return _ok({"message_id": loop.numbers, "date": 1764000000, "chat": person, "from": ME, "text": text})
        return _ok([] if method == "getmycommands" else {"description": "", "short_description": ""}
                   if method.startswith("getmy") else True)  # fmt: skip

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", call)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    serve(*(int(one) for one in sys.argv[1:4]))
