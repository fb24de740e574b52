"""Taking events into the PostgreSQL store: each statement handles a whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.ports import Address, Cursor, Inbound
from bot.storage.postgres_keys import Transaction
from bot.storage.rows import address_from_json, address_to_json, dump, inbound_to_bytes, load, moment, stamp
from bot.vault.sealing import SealBroken, Sealer


async def receive(t: Transaction, calls: Sequence[tuple[Sequence[Inbound], Cursor | None]]) -> list[int]:
    """Several calls of `receive` in one transaction: the new events of each."""
    counts = []
    merged = [one for batch, _ in calls for one in batch]
    if len(calls) > 1 and not any(one.kind == "moved" for one in merged):
        new = await _insert(t, merged)
        for batch, _ in calls:
            mine = new & {id(one) for one in batch}
            new -= mine
            counts.append(len(mine))
    else:
        counts = [await take_in(t, batch) for batch, _ in calls]
    await _save_cursors(t, [cursor for _, cursor in calls if cursor is not None])
    return counts


async def _save_cursors(t: Transaction, cursors: Sequence[Cursor]) -> None:
    newest = {cursor.account: cursor.value for cursor in cursors}
    for account, value in sorted(newest.items()):
        await t.db.execute(
            "INSERT INTO kavi.cursor VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET value = excluded.value",
            t.keys.account_hash(account),
            t.keys.ring.own.seal(value.encode(), b"cursor"),
        )


async def take_in(t: Transaction, batch: Sequence[Inbound]) -> int:
    """Stores events once each, in order; how many were new.

    A moved chat changes its address between those before and those after.
    """
    taken = 0
    plain: list[Inbound] = []
    for one in [*batch, None]:
        if one is not None and not (one.kind == "moved" and one.payload.get("chat")):
            plain.append(one)
            continue
        if plain:
            taken += len(await _insert(t, plain))
            plain = []
        if one is not None and await _unseen(t, [one]):
            await move(t, one.address, str(one.payload["chat"]))
            taken += 1
    return taken


async def _unseen(t: Transaction, batch: Sequence[Inbound]) -> list[tuple[int, Inbound]]:
    """Those never seen before, in order, each with the number that its row will have."""
    hashed: dict[str, Inbound] = {}
    for one in batch:
        hashed.setdefault(t.keys.event_hash(one), one)
    ids = sorted(hashed)
    rows = await t.db.fetch(
        "WITH new AS (INSERT INTO kavi.seen SELECT * FROM unnest($1::text[], $2::float8[]) ON CONFLICT DO NOTHING RETURNING hash) "
        "SELECT hash, nextval('kavi.number') FROM new",
        ids,
        [stamp(hashed[one].at) for one in ids],
    )
    new = {row[0] for row in rows}
    numbers = sorted(row[1] for row in rows)
    return list(zip(numbers, [one for key, one in hashed.items() if key in new], strict=True))


async def _insert(t: Transaction, batch: Sequence[Inbound]) -> set[int]:
    """Inserts the new ones; their object ids. Workers are told where a lane has work that nobody is on."""
    new = await _unseen(t, batch)
    if not new:
        return set()
    places = await conversations_at(t, {one.address for _, one in new})
    heads: dict[str, int] = {}
    for number, one in new:
        heads.setdefault(places[one.address], number)
    if await hold_lanes(t, heads, max(stamp(one.at) for _, one in new)):
        t.news.add("work")
    known = await _find_or_begin(t, places, new)
    await insert_rows(t, new, places, known)
    return {id(one) for _, one in new}


async def conversations_at(t: Transaction, addresses: Iterable[Address]) -> dict[Address, str]:
    """The conversation of each address: the one that began there, or that moved there, or the one to be begun."""
    hashes = {address: t.keys.address_hash(address) for address in addresses}
    rows = await t.db.fetch(
        "SELECT a.hash, a.conversation FROM kavi.alias a WHERE a.hash = ANY($1::text[]) "
        "AND NOT EXISTS (SELECT FROM kavi.conversation c WHERE c.id = a.hash)",
        list(hashes.values()),
    )
    moved = {row[0]: row[1] for row in rows}
    return {address: moved.get(hashed, hashed) for address, hashed in hashes.items()}


async def hold_lanes(t: Transaction, heads: dict[str, int], now: float) -> bool:
    """Locks the lanes of these conversations, making those that are missing; whether one of them is nobody's."""
    ids = sorted(heads)
    rows = await t.db.fetch(
        "INSERT INTO kavi.lane (conversation, head) SELECT * FROM unnest($1::text[], $2::bigint[]) "
        "ON CONFLICT (conversation) DO UPDATE SET head = lane.head RETURNING lease_until",
        ids,
        [heads[one] for one in ids],
    )
    return any(row[0] <= now for row in rows)


async def _find_or_begin(
    t: Transaction, places: dict[Address, str], new: Sequence[tuple[int, Inbound]]
) -> dict[str, tuple[str, bool]]:
    """(key, consented) of each conversation, begun when there is none."""
    wanted = {places[one.address]: one for _, one in reversed(new)}
    rows = await t.db.fetch("SELECT id, key, consented FROM kavi.conversation WHERE id = ANY($1::text[])", list(wanted))
    known = {row[0]: (row[1], row[2]) for row in rows}
    missing = sorted(wanted.keys() - known.keys())
    if missing:
        at = {one: (wanted[one].address, stamp(wanted[one].at)) for one in missing}
        known |= {one: (key, False) for one, key in (await begin_conversations(t, at)).items()}
    return known


async def begin_conversations(t: Transaction, at: dict[str, tuple[Address, float]]) -> dict[str, str]:
    """New conversations (id -> address, time), whose lanes are held; the key of each."""
    ids = sorted(at)
    made = await t.keys.create(t.db, len(ids))
    rows = [
        (one, key, sealer.seal(dump(address_to_json(at[one][0])), b"address"), at[one][1])
        for one, (key, sealer) in zip(ids, made, strict=True)
    ]
    await t.db.execute(
        "INSERT INTO kavi.conversation (id, key, address, last_at) "
        "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::float8[])",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    return {row[0]: row[1] for row in rows}


async def insert_rows(
    t: Transaction,
    new: Sequence[tuple[int, Inbound]],
    places: dict[Address, str],
    known: dict[str, tuple[str, bool]],
) -> None:
    """Seals each event with its conversation's key; before consent with a one-turn key, destroyed when it is handled."""
    once = [one for _, one in new if not known[places[one.address]][1] and one.kind != "timer"]
    spare = iter(await t.keys.create(t.db, len(once)))
    await t.keys.load(t.db, {key for key, _ in known.values()})
    rows = []
    for number, one in new:
        place = places[one.address]
        key, consented = known[place]
        sealer: Sealer
        if consented or one.kind == "timer":
            try:
                sealer = t.keys.sealer(key)
            except SealBroken:  # half erased by a crash: the event opens with nothing, the lane's next claim tidies up
                sealer = t.keys.ring.own
        else:
            key, sealer = next(spare)
        rows.append((number, place, key, stamp(one.at), sealer.seal(inbound_to_bytes(one), b"inbox"), one.about))
    await t.db.execute(
        "INSERT INTO kavi.inbox (number, conversation, key, at, body, about) "
        "SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::bytea[], $6::text[])",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def move(t: Transaction, address: Address, chat: str) -> None:
    """The chat has a new address: it keeps its conversation, and waiting messages go to the new place."""
    place = (await conversations_at(t, [address]))[address]
    new = Address(messenger=address.messenger, account=address.account, chat=chat, thread=address.thread)
    await hold_lanes(t, {place: await t.db.fetchval("SELECT nextval('kavi.number')")}, 0.0)
    key = await t.db.fetchval("SELECT key FROM kavi.conversation WHERE id = $1", place)
    if key is None:
        key = (await begin_conversations(t, {place: (address, 0.0)}))[place]
    sealer = await t.keys.sealer_now(t.db, key)
    hashed = t.keys.address_hash(new)
    await t.db.execute(
        "INSERT INTO kavi.alias VALUES ($1, $2) ON CONFLICT (hash) DO UPDATE SET conversation = excluded.conversation",
        hashed,
        place,
    )
    sealed = sealer.seal(dump(address_to_json(new)), b"address")
    await t.db.execute("UPDATE kavi.conversation SET address = $2 WHERE id = $1", place, sealed)
    await _redirect(t, address, new)
    await drop_unused_lanes(t, [place])


async def _redirect(t: Transaction, old: Address, new: Address) -> None:
    rows = await t.db.fetch(
        "SELECT number, key, body FROM kavi.outbox WHERE account = $1 AND destination = $2 AND state IN ('waiting', 'retry') FOR UPDATE",
        t.keys.account_hash(old.account),
        t.keys.address_hash(old),
    )
    await t.keys.load(t.db, {row[1] for row in rows})
    for number, key, body in rows:
        sealer = t.keys.sealer(key)
        data = load(sealer.open(body, b"outbox"))
        data["address"] = address_to_json(new)
        await t.db.execute(
            "UPDATE kavi.outbox SET body = $2, destination = $3 WHERE number = $1",
            number,
            sealer.seal(dump(data), b"outbox"),
            t.keys.address_hash(new),
        )


async def drop_unused_lanes(t: Transaction, conversations: Sequence[str]) -> None:
    """Removes lanes that were only made to hold them: never claimed, and nothing waits there."""
    await t.db.execute(
        "DELETE FROM kavi.lane l WHERE l.conversation = ANY($1::text[]) AND l.fence = 0 "
        "AND NOT EXISTS (SELECT FROM kavi.inbox i WHERE i.conversation = l.conversation)",
        list(conversations),
    )


# ------------------------------------------------------------------ timers


async def fire_timers(t: Transaction, now: datetime, limit: int) -> int:
    """Turns due timers into events; how many."""
    at = stamp(now)
    due = await t.db.fetch(
        "SELECT conversation, name FROM kavi.timer WHERE due <= $1 ORDER BY due, conversation, name LIMIT $2", at, limit
    )
    if not due:
        return 0
    number = await t.db.fetchval("SELECT nextval('kavi.number')")
    await hold_lanes(t, {row[0]: number for row in due}, 0.0)
    rows = await t.db.fetch(
        "DELETE FROM kavi.timer USING unnest($1::text[], $2::text[]) AS d(conversation, name) "
        "WHERE timer.conversation = d.conversation AND timer.name = d.name AND due <= $3 "
        "RETURNING timer.conversation, timer.name, due, fence",
        [row[0] for row in due],
        [row[1] for row in due],
        at,
    )
    addresses = await addresses_of(t, {row[0] for row in rows})
    events = [
        Inbound(
            address=addresses[row[0]],
            external_id=f"timer:{row[0]}:{row[1]}:{row[3]}:{row[2]}",
            kind="timer",
            at=moment(max(row[2], at)),
            payload={"timer": row[1], "fence": row[3]},
        )
        for row in sorted(rows, key=lambda row: (row[2], row[0], row[1]))
        if row[0] in addresses
    ]
    await take_in(t, events)
    await drop_unused_lanes(t, sorted({row[0] for row in due}))
    return len(rows)


async def addresses_of(t: Transaction, conversations: Iterable[str]) -> dict[str, Address]:
    """The addresses of these conversations, as far as they still open."""
    rows = await t.db.fetch(
        "SELECT id, key, address FROM kavi.conversation WHERE id = ANY($1::text[])", list(conversations)
    )
    await t.keys.load(t.db, {row[1] for row in rows})
    found = {}
    for place, key, address in rows:
        try:
            found[place] = address_from_json(load(t.keys.sealer(key).open(address, b"address")))
        except SealBroken:
            continue
    return found
