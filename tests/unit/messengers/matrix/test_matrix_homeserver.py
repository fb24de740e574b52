"""The HTTP layer against a small server that misbehaves on purpose."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import Revoked
from bot.messengers.matrix.homeserver import ApiError, Homeserver, Unreachable
from bot.messengers.matrix.send import receipt_of
from bot.ports import Gone, Refused, Retry, Sent

TOKEN = "syt_a2F2aQ_secretsecretsecret_1a2b3c"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Answer], Awaitable[Homeserver]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server with one answer for everything and a client with a token."""
    started: list[tuple[TestServer, Homeserver]] = []

    async def make(answer: Answer) -> Homeserver:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        server = TestServer(app)
        await server.start_server()
        client = Homeserver(str(server.make_url("/")))
        client.token = TOKEN
        started.append((server, client))
        return client

    yield make
    for server, client in started:
        await client.close()
        await server.close()


@pytest.mark.parametrize(
    ("status", "body", "headers", "after"),
    [
        (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}, {}, 2.5),
        (429, {"errcode": "M_LIMIT_EXCEEDED"}, {"Retry-After": "7"}, 7.0),
        (429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": "bald"}, {}, 5.0),
        (502, {}, {}, 3.0),
        (503, {"errcode": "M_UNKNOWN"}, {"Retry-After": "9"}, 9.0),
    ],
)
async def test_pauses_are_obeyed(
    serve: Serve, status: int, body: dict[str, object], headers: dict[str, str], after: float
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    client = await serve(answer)
    with pytest.raises(ApiError) as caught:
        await client.call("PUT", "/x", {})
    assert receipt_of(caught.value) == Retry(after=after, whole_account=status == 429)


@pytest.mark.parametrize(
    ("status", "errcode", "kind"),
    [
        (403, "M_FORBIDDEN", Gone),
        (404, "M_NOT_FOUND", Gone),
        (413, "M_TOO_LARGE", Refused),
        (400, "M_BAD_JSON", Refused),
        (400, "M_DUPLICATE_ANNOTATION", Sent),
    ],
)
def test_refusals_become_receipts(status: int, errcode: str, kind: type) -> None:
    assert isinstance(receipt_of(ApiError(status, {"errcode": errcode}, None)), kind)


async def test_gateway_page_that_is_not_json_is_temporary(serve: Serve) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="<html>bad gateway</html>", status=200, content_type="text/html")

    with pytest.raises(ApiError) as caught:
        await (await serve(answer)).call("GET", "/x")
    assert caught.value.temporary


async def test_dropped_connection_is_unreachable_and_tells_no_secret(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in str(request.url)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    client = await serve(answer)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable) as caught:
        await client.call("PUT", "/x", {"body": "geheim"})
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(caught.value) + str(caught.value.__cause__) + str(caught.value.__context__)


async def test_unknown_token_is_revoked_after_one_request(serve: Serve) -> None:
    calls = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal calls
        calls += 1
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN"}, status=401)

    with pytest.raises(Revoked, match="gilt nicht mehr"):
        await (await serve(answer)).call("GET", "/x")
    assert calls == 1


async def test_token_that_ran_out_softly_is_renewed_once(serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers["Authorization"] == "Bearer fresh":
            return web.json_response({"done": True})
        return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": True}, status=401)

    client = await serve(answer)

    async def renew() -> bool:
        client.token = "fresh"
        return True

    client.renew = renew
    assert await client.call("GET", "/x") == {"done": True}


@pytest.mark.parametrize("announced", [True, False])
async def test_download_stops_at_the_cap(serve: Serve, announced: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if announced:
            response.content_length = 5000
        await response.prepare(request)
        await response.write(b"x" * 5000)
        return response

    client = await serve(answer)
    assert await client.download("mxc://a/b", 4999) is None
    assert await client.download("mxc://a/b", 5000) == b"x" * 5000
    assert await client.download("https://evil.example/b", 5000) is None


async def test_an_answer_nested_without_end_is_no_answer(serve: Serve) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="[" * 100_000)

    with pytest.raises(ApiError, match="KAVI_NOT_JSON"):
        await (await serve(answer)).call("GET", "/x")
