"""What a turn changed, committed on PostgreSQL. Each statement handles a whole batch of turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from bot.errors import LaneLost, SessionConflict
from bot.ports import Inbound, NewOutbox, TurnCommit, together
from bot.storage.postgres_erasing import erase_rows
from bot.storage.postgres_hands import Held
from bot.storage.postgres_intake import begin_conversations, conversations_at, hold_lanes, take_in
from bot.storage.postgres_keys import CHANNEL, Transaction
from bot.storage.postgres_lanes import give_back
from bot.storage.postgres_records import keys_of, put_documents
from bot.storage.rows import (
    dump,
    outbound_to_bytes,
    stamp,
    tally_to_row,
)
from bot.vault.sealing import Sealer

HOUR = 3600.0

_WRITTEN = """
WITH saved AS (
    UPDATE kavi.conversation c SET session = COALESCE(u.session, c.session), consented = u.consented,
        version = c.version + (u.session IS NOT NULL)::int, last_at = GREATEST(c.last_at, u.last)
    FROM unnest($28::text[], $29::text[], $30::bigint[], $31::bytea[], $32::bool[], $33::float8[])
        AS u(id, key, version, session, consented, last)
    WHERE c.id = u.id AND c.key = u.key AND c.version = u.version RETURNING 1
), seen AS (
    INSERT INTO kavi.seen SELECT * FROM unnest($1::text[], $2::float8[]) ON CONFLICT DO NOTHING RETURNING 1
), withdrawn AS (
    UPDATE kavi.outbox o SET state = 'withdrawn', body = NULL FROM unnest($3::text[], $4::text[]) AS w(conversation, hold)
    WHERE o.conversation = w.conversation AND o.hold_key = w.hold AND o.hold_key <> '' AND o.state = 'waiting' RETURNING o.key
), outbox AS (
    INSERT INTO kavi.outbox
    (number, conversation, account, destination, key, delivery, state, not_before, hold_key, body, at, about)
    SELECT nextval('kavi.number'), conversation, account, destination, key, delivery, 'waiting', not_before, hold, body, at, about
    FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::float8[], $11::text[], $12::bytea[],
        $13::float8[], $14::text[]) AS u(conversation, account, destination, key, delivery, not_before, hold, body, at, about)
), cancelled AS (
    DELETE FROM kavi.timer t USING unnest($15::text[], $16::text[]) AS c(conversation, name)
    WHERE t.conversation = c.conversation AND t.name = c.name
), timers AS (
    INSERT INTO kavi.timer SELECT * FROM unnest($17::text[], $18::text[], $19::float8[], $20::bigint[])
    ON CONFLICT (conversation, name) DO UPDATE SET due = excluded.due, fence = excluded.fence
), transcripts AS (
    INSERT INTO kavi.transcript (conversation, at, body) SELECT * FROM unnest($21::text[], $22::float8[], $23::bytea[])
), facts AS (
    INSERT INTO kavi.fact (name, at, "values") SELECT * FROM unnest($24::text[], $25::float8[], $26::text[])
), written AS (
    SELECT (SELECT count(*) FROM saved) = cardinality($28) AS saved, (SELECT count(*) FROM seen) = cardinality($1)
        AND NOT EXISTS (SELECT FROM kavi.lane WHERE conversation = ANY($27::text[])) AS free,
        (SELECT array_agg(key) FROM withdrawn) AS keys
)
"""
"""What is written with most turns. `saved`: the sessions were as they were loaded. `free`: what was held came to nobody else, and
nothing else to its lane. The sessions are saved first: that locks the conversations of what was held, so that a claim of their
lanes waits."""

_WRITE = f"{_WRITTEN} SELECT saved, free, keys FROM written"

_WRITE_AT_ONCE = f"""{_WRITTEN}
SELECT keys, 1 / (saved AND free)::int, CASE WHEN $34 <> '' THEN pg_notify('{CHANNEL}', $34) END FROM written
"""
"""The same as a transaction of its own: a division by zero undoes it."""


@dataclass(slots=True)
class _Turn:
    """One commit of the batch, with what the store knows about its conversation."""

    commit: TurnCommit
    key: str
    last: float = 0.0
    held: Held | None = None  # what it ends of what was in a worker's hands


Ended = tuple[TurnCommit, Held | None]
"""A commit, and what it ends of what is in a worker's hands."""


def are_plain(ended: Sequence[Ended]) -> bool:
    """Whether these are turns out of workers' hands, as most are: with nothing that needs a second statement."""
    return all(
        held is not None and commit.consented
        and not (commit.posts or commit.blobs or commit.tallies or commit.alerts or commit.documents)
        for commit, held in ended
    )  # fmt: skip


async def commit_plain(t: Transaction, ended: Sequence[Ended]) -> None:
    """`commit_all` for such turns, in one round trip."""
    turns = [_held_turn(commit, held) for commit, held in ended if held is not None]
    await _load_keys(t, turns)
    if any(turn.commit.outbox for turn in turns):
        t.news.add("send")
    values = await _values(t, turns)
    try:
        keys = await t.db.fetchval(_WRITE_AT_ONCE, *values, t.notice if t.news else "")
    except asyncpg.DivisionByZeroError:
        raise LaneLost("Somebody else was at the conversation meanwhile.") from None
    t.doomed += set(keys or ()) - {turn.key for turn in turns}


def _held_turn(commit: TurnCommit, held: Held) -> _Turn:
    return _Turn(commit, held.key, stamp(held.row.inbound.at), held)


async def commit_all(t: Transaction, ended: Sequence[Ended]) -> None:
    """Applies turns of different conversations; what was held was never in a lane.

    Raises LaneLost, SessionConflict: then none is applied.
    """
    commits = [commit for commit, _ in ended]
    await _hold_posted(t, commits)
    turns = await _own_lanes(t, [commit for commit, held in ended if held is None])
    await _finish_inbox(t, turns)
    turns += [_held_turn(commit, held) for commit, held in ended if held is not None]
    for turn in turns:
        if turn.commit.erase:
            await _begin_anew(t, turn)
    await _load_keys(t, turns)
    await _write(t, turns)
    await _save_blobs(t, turns)
    await _save_rare(t, commits)
    posts = [post for commit in commits for post in commit.posts]
    if posts:
        await take_in(t, posts)
    await give_back(t, [commit.conversation for commit, held in ended if held is None and commit.release])
    if any(commit.outbox for commit in commits):
        t.news.add("send")
    if any(commit.erase for commit in commits):
        t.news.add("erased")


async def _own_lanes(t: Transaction, commits: Sequence[TurnCommit]) -> list[_Turn]:
    """Locks the lanes and makes sure that they and the sessions are as they were loaded."""
    if not commits:
        return []
    rows = await t.db.fetch(
        "SELECT c.id, l.fence, c.version, c.key FROM kavi.lane l JOIN kavi.conversation c ON c.id = l.conversation "
        "WHERE l.conversation = ANY($1::text[]) ORDER BY l.conversation FOR UPDATE OF l",
        [commit.conversation for commit in commits],
    )
    known = {row[0]: row for row in rows}
    turns = []
    for commit in commits:
        row = known.get(commit.conversation)
        if row is None or row[1] != commit.fence:
            raise LaneLost("The lane belongs to another worker now.")
        if row[2] != commit.version:
            raise SessionConflict("The session was saved by somebody else.")
        turns.append(_Turn(commit, row[3]))
    return turns


async def _hold_posted(t: Transaction, commits: Sequence[TurnCommit]) -> None:
    """All lanes of a batch are locked in the order of their ids, so that two batches never wait for each other."""
    posts: list[Inbound] = [post for commit in commits for post in commit.posts]
    if not posts:
        return
    places = await conversations_at(t, {post.address for post in posts})
    targets = set(places.values())
    own = [commit.conversation for commit in commits]
    existing = await t.db.fetch(
        "SELECT conversation FROM kavi.lane WHERE conversation = ANY($1::text[]) ORDER BY conversation FOR UPDATE",
        sorted({*own, *targets}),
    )
    missing = targets - {row[0] for row in existing} - set(own)
    if missing:
        number = await t.db.fetchval("SELECT nextval('kavi.number')")
        await hold_lanes(t, dict.fromkeys(missing, number), 0.0)


async def _finish_inbox(t: Transaction, turns: Sequence[_Turn]) -> None:
    """Removes the handled rows, with their one-turn keys, and notes the time of the newest."""
    owner = {number: turn for turn in turns for number in turn.commit.done}
    if not owner:
        return
    rows = await t.db.fetch(
        "DELETE FROM kavi.inbox WHERE number = ANY($1::bigint[]) RETURNING number, key, at", list(owner)
    )
    if len(rows) != len(owner):
        raise LaneLost("The event was handled by another worker already.")
    for number, key, at in rows:
        turn = owner[number]
        turn.last = max(turn.last, at)
        if key != turn.key:
            t.doomed.append(key)


async def _begin_anew(t: Transaction, turn: _Turn) -> None:
    """Erases the conversation and begins it again with a key that has seen nothing."""
    commit = turn.commit
    await erase_rows(t, commit.conversation, turn.key)
    turn.key = (await begin_conversations(t, {commit.conversation: (commit.address, turn.last)}))[commit.conversation]
    await t.db.execute("UPDATE kavi.conversation SET version = $2 WHERE id = $1", commit.conversation, commit.version)


async def _load_keys(t: Transaction, turns: Sequence[_Turn]) -> None:
    """Raises LaneLost where a conversation was erased while its turn was decided."""
    await t.keys.load(t.db, {turn.key for turn in turns})
    if not all(t.keys.knows(turn.key) for turn in turns):
        raise LaneLost("The conversation was erased.")


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """So many lists, also of no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


async def _write(t: Transaction, turns: Sequence[_Turn]) -> None:
    saved, free, keys = await t.db.fetchrow(_WRITE, *await _values(t, turns))
    if not saved:
        raise SessionConflict("The session was saved by somebody else.")
    if not free:
        raise LaneLost("Somebody else was at the lane meanwhile.")
    t.doomed += set(keys or ()) - {turn.key for turn in turns}


async def _values(t: Transaction, turns: Sequence[_Turn]) -> list[list[Any]]:
    """The values of `_WRITE`. What several processes may write at once is in one order, so that they never wait for each other."""
    held = [turn.held for turn in turns if turn.held is not None]
    withdrawn = [(turn.commit.conversation, hold) for turn in turns for hold in turn.commit.withdraw if hold]
    timers, cancelled = _timers([turn.commit for turn in turns])
    return [
        *_columns(sorted((one.hashed, stamp(one.row.inbound.at)) for one in held), 2),
        *_columns(withdrawn, 2),
        *_columns(await _outbox(t, turns), 10),
        *_columns(cancelled, 2),
        *_columns(timers, 4),
        *_columns(_transcripts(t, turns), 3),
        *_columns(_facts(turns), 3),
        [one.lane.conversation for one in held],
        *_columns(_sessions(t, turns), 6),
    ]


def _sessions(t: Transaction, turns: Sequence[_Turn]) -> list[tuple[Any, ...]]:
    return [
        (
            turn.commit.conversation,
            turn.key,
            turn.commit.version,
            None if turn.commit.session is None
            else t.keys.sealer(turn.key).seal(turn.commit.session.encode(), b"session"),
            turn.commit.consented,
            turn.last if turn.commit.contact else 0.0,
        )
        for turn in sorted(turns, key=lambda turn: turn.commit.conversation)
    ]  # fmt: skip


async def _outbox(t: Transaction, turns: Sequence[_Turn]) -> list[tuple[Any, ...]]:
    queued = [(turn, row) for turn in turns for row in turn.commit.outbox]
    once = [turn for turn, _ in queued if not turn.commit.consented or turn.commit.erase]
    spare = iter(await t.keys.create(t.db, len(once)))  # their text is gone for ever once it is settled
    rows = []
    for turn, row in queued:
        lasting = turn.commit.consented and not turn.commit.erase
        key, sealer = (turn.key, t.keys.sealer(turn.key)) if lasting else next(spare)
        rows.append(_outbox_values(t, turn, row, key, sealer))
    return rows


def _outbox_values(t: Transaction, turn: _Turn, row: NewOutbox, key: str, sealer: Sealer) -> tuple[Any, ...]:
    address = row.outbound.address
    return (
        turn.commit.conversation,
        t.keys.account_hash(address.account),
        t.keys.address_hash(address),
        key,
        row.delivery,
        stamp(row.not_before),
        row.hold_key,
        sealer.seal(outbound_to_bytes(row.outbound), b"outbox"),
        turn.last,
        row.about,
    )


def _timers(commits: Sequence[TurnCommit]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Those that are set, and those that are only cancelled: setting one replaces it."""
    timers = {
        (commit.conversation, timer.name): (commit.conversation, timer.name, stamp(timer.due), timer.fence)
        for commit in commits
        for timer in commit.timers
    }
    cancelled = {(commit.conversation, name) for commit in commits for name in commit.cancel_timers}
    return [timers[one] for one in sorted(timers)], sorted(cancelled - timers.keys())


def _transcripts(t: Transaction, turns: Sequence[_Turn]) -> list[tuple[Any, ...]]:
    rows = []
    for turn in turns:
        if turn.commit.consented and turn.commit.transcript:
            lines = dump([(who, text, stamp(at)) for who, text, at in turn.commit.transcript])
            sealed = t.keys.sealer(turn.key).seal(lines, b"transcript")
            rows.append((turn.commit.conversation, turn.last, sealed))
    return rows


def _facts(turns: Sequence[_Turn]) -> list[tuple[Any, ...]]:
    return [
        (fact.name, stamp(fact.at) // HOUR * HOUR, dump(dict(fact.values)).decode())  # nobody is found by the minute
        for turn in turns
        for fact in turn.commit.facts
    ]


async def _save_blobs(t: Transaction, turns: Sequence[_Turn]) -> None:
    """Files: large and rare, one by one."""
    owners = await keys_of(t, {blob.about for turn in turns for blob in turn.commit.blobs if blob.about is not None})
    for turn in turns:
        for blob in turn.commit.blobs:
            if blob.about is not None and blob.about not in owners:
                continue  # erased meanwhile
            sealer = t.keys.sealer(turn.key if blob.about is None else owners[blob.about])
            await t.db.execute(
                "INSERT INTO kavi.blob VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
                "conversation = excluded.conversation, body = excluded.body, at = excluded.at",
                t.keys.ring.index("blob", blob.name),
                blob.about or turn.commit.conversation,
                sealer.seal(blob.data, b"blob"),
                turn.last,
            )


async def _save_rare(t: Transaction, commits: Sequence[TurnCommit]) -> None:
    tallies = together(tally for commit in commits for tally in commit.tallies)  # sorted: no deadlock between processes
    if tallies:
        await t.db.execute(
            "INSERT INTO kavi.tally SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) "
            'ON CONFLICT (week, name, "values") DO UPDATE SET number = kavi.tally.number + excluded.number',
            *_columns([tally_to_row(one) for one in tallies], 4),
        )
    for alert in (alert for commit in commits for alert in commit.alerts):
        await t.db.execute(
            "INSERT INTO kavi.alert (id, conversation, at, category, level, urgency, audience, rule) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            alert.id, alert.conversation, stamp(alert.at), alert.category, alert.level, alert.urgency, alert.audience, alert.rule,
        )  # fmt: skip
    await put_documents(t, [document for commit in commits for document in commit.documents])
