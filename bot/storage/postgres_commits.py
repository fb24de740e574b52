"""What a turn changed, committed on PostgreSQL. Each statement handles a whole batch of turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import LaneLost, SessionConflict
from bot.ports import Inbound, NewOutbox, TurnCommit, together
from bot.storage.postgres_erasing import erase_rows
from bot.storage.postgres_intake import begin_conversations, conversations_at, hold_lanes, take_in
from bot.storage.postgres_keys import Transaction
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


@dataclass(slots=True)
class _Turn:
    """One commit of the batch, with what the store knows about its conversation."""

    commit: TurnCommit
    key: str
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch of commits makes others do."""

    wakes: bool
    sends: bool
    erased: bool


async def commit_all(t: Transaction, commits: Sequence[TurnCommit]) -> Committed:
    """Applies turns of different conversations. Raises LaneLost, SessionConflict: then none is applied."""
    turns = await _own_lanes(t, commits)
    await _finish_inbox(t, turns)
    for turn in turns:
        if turn.commit.erase:
            await _begin_anew(t, turn)
    await t.keys.load(t.db, {turn.key for turn in turns})
    await _save_sessions(t, turns)
    await _save_outbox(t, turns)
    await _save_timers(t, commits)
    await _save_kept(t, turns)
    await _save_records(t, commits)
    posts = [post for commit in commits for post in commit.posts]
    posted = await take_in(t, posts) if posts else None
    left = await give_back(t, [commit.conversation for commit in commits if commit.release])
    return Committed(
        wakes=left or (posted is not None and posted.wakes),
        sends=any(commit.outbox for commit in commits),
        erased=any(commit.erase for commit in commits),
    )


async def _own_lanes(t: Transaction, commits: Sequence[TurnCommit]) -> list[_Turn]:
    """Locks the lanes, those of posts included, and makes sure that they and the sessions are as they were loaded."""
    await _hold_posted(t, commits)
    rows = await t.db.fetch(
        "SELECT c.id, l.fence, c.version, c.key FROM kavi.lane l JOIN kavi.conversation c ON c.id = l.conversation "
        "WHERE l.conversation = ANY($1::text[]) ORDER BY l.conversation FOR UPDATE",
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


async def _save_sessions(t: Transaction, turns: Sequence[_Turn]) -> None:
    rows = [
        (
            turn.commit.conversation,
            None if turn.commit.session is None
            else t.keys.sealer(turn.key).seal(turn.commit.session.encode(), b"session"),
            turn.commit.consented,
            turn.last if turn.commit.contact else 0.0,
        )
        for turn in turns
    ]  # fmt: skip
    await t.db.execute(
        "UPDATE kavi.conversation c SET session = COALESCE(u.session, c.session), consented = u.consented, "
        "version = c.version + (u.session IS NOT NULL)::int, last_at = GREATEST(c.last_at, u.last) "
        "FROM unnest($1::text[], $2::bytea[], $3::bool[], $4::float8[]) AS u(id, session, consented, last) WHERE c.id = u.id",
        *_columns(rows),
    )


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _save_outbox(t: Transaction, turns: Sequence[_Turn]) -> None:
    withdrawn = [(turn.commit.conversation, hold) for turn in turns for hold in turn.commit.withdraw if hold]
    if withdrawn:
        rows = await t.db.fetch(
            "UPDATE kavi.outbox o SET state = 'withdrawn', body = NULL FROM unnest($1::text[], $2::text[]) AS w(conversation, hold) "
            "WHERE o.conversation = w.conversation AND o.hold_key = w.hold AND o.state = 'waiting' RETURNING o.key",
            *_columns(withdrawn),
        )
        t.doomed += {row[0] for row in rows} - {turn.key for turn in turns}
    queued = [(turn, row) for turn in turns for row in turn.commit.outbox]
    if not queued:
        return
    once = [turn for turn, _ in queued if not turn.commit.consented or turn.commit.erase]
    spare = iter(await t.keys.create(t.db, len(once)))  # their text is gone for ever once it is settled
    rows = []
    for turn, row in queued:
        lasting = turn.commit.consented and not turn.commit.erase
        key, sealer = (turn.key, t.keys.sealer(turn.key)) if lasting else next(spare)
        rows.append(_outbox_values(t, turn, row, key, sealer))
    await t.db.execute(
        "INSERT INTO kavi.outbox "
        "(number, conversation, account, destination, key, delivery, state, not_before, hold_key, body, at, about) "
        "SELECT nextval('kavi.number'), conversation, account, destination, key, delivery, 'waiting', not_before, hold, body, at, about "
        "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::bytea[], "
        "$9::float8[], $10::text[]) AS u(conversation, account, destination, key, delivery, not_before, hold, body, at, about)",
        *_columns(rows),
    )


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


async def _save_timers(t: Transaction, commits: Sequence[TurnCommit]) -> None:
    cancelled = [(commit.conversation, name) for commit in commits for name in commit.cancel_timers]
    if cancelled:
        await t.db.execute(
            "DELETE FROM kavi.timer t USING unnest($1::text[], $2::text[]) AS c(conversation, name) "
            "WHERE t.conversation = c.conversation AND t.name = c.name",
            *_columns(cancelled),
        )
    timers = {
        (commit.conversation, timer.name): (commit.conversation, timer.name, stamp(timer.due), timer.fence)
        for commit in commits
        for timer in commit.timers
    }
    if timers:
        await t.db.execute(
            "INSERT INTO kavi.timer SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::bigint[]) "
            "ON CONFLICT (conversation, name) DO UPDATE SET due = excluded.due, fence = excluded.fence",
            *_columns(list(timers.values())),
        )


async def _save_kept(t: Transaction, turns: Sequence[_Turn]) -> None:
    """Transcripts and files."""
    texts, blobs = [], []
    owners = await keys_of(t, {blob.about for turn in turns for blob in turn.commit.blobs if blob.about is not None})
    for turn in turns:
        commit, sealer = turn.commit, t.keys.sealer(turn.key)
        if commit.consented and commit.transcript:
            lines = dump([(who, text, stamp(at)) for who, text, at in commit.transcript])
            texts.append((commit.conversation, turn.last, sealer.seal(lines, b"transcript")))
        for blob in commit.blobs:
            if blob.about is not None and blob.about not in owners:
                continue  # erased meanwhile
            kept_by = sealer if blob.about is None else t.keys.sealer(owners[blob.about])
            hashed = t.keys.ring.index("blob", blob.name)
            blobs.append((hashed, blob.about or commit.conversation, kept_by.seal(blob.data, b"blob"), turn.last))
    if texts:
        await t.db.execute(
            "INSERT INTO kavi.transcript (conversation, at, body) SELECT * FROM unnest($1::text[], $2::float8[], $3::bytea[])",
            *_columns(texts),
        )
    for row in blobs:  # large and rare: one by one
        await t.db.execute(
            "INSERT INTO kavi.blob VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET "
            "conversation = excluded.conversation, body = excluded.body, at = excluded.at",
            *row,
        )


async def _save_records(t: Transaction, commits: Sequence[TurnCommit]) -> None:
    facts = [
        (
            fact.name,
            stamp(fact.at) // HOUR * HOUR,
            dump(dict(fact.values)).decode(),
        )  # no finer: nobody is found by the minute
        for commit in commits
        for fact in commit.facts
    ]
    if facts:
        await t.db.execute(
            'INSERT INTO kavi.fact (name, at, "values") SELECT * FROM unnest($1::text[], $2::float8[], $3::text[])',
            *_columns(facts),
        )
    tallies = together(tally for commit in commits for tally in commit.tallies)  # sorted: no deadlock between processes
    if tallies:
        await t.db.execute(
            "INSERT INTO kavi.tally SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) "
            'ON CONFLICT (week, name, "values") DO UPDATE SET number = kavi.tally.number + excluded.number',
            *_columns([tally_to_row(one) for one in tallies]),
        )
    for alert in (alert for commit in commits for alert in commit.alerts):
        await t.db.execute(
            "INSERT INTO kavi.alert (id, conversation, at, category, level, urgency, audience, rule) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            alert.id, alert.conversation, stamp(alert.at), alert.category, alert.level, alert.urgency, alert.audience, alert.rule,
        )  # fmt: skip
    await put_documents(t, [document for commit in commits for document in commit.documents])
