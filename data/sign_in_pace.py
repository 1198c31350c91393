"""How fast somebody may try to sign in: after some failures each next try has to wait, longer each time, up to a limit.

A name is never locked. What is slowed, and why so:

- `pair`, a name from one address: up to 15 minutes. One who guesses from one place slows only themselves.
- `name`, from wherever: up to 30 seconds, so that guessing from thousands of places gets no more than 2,880 tries a day.
- `device`, instead of these two for a browser that has signed in with that name before (it keeps a proof of it): so whoever wants to keep a
  colleague out by failing on purpose does not.
- `address`, over all names, after 50: one password tried on everybody.
- `code` and `again`, for the second factor and for a password asked for again: who gets there has the password or the session, so no
  stranger can slow them.

Kept in the database: it holds for every gateway and over restarts. A try counts as failed before it is looked at, and is taken back
when it was right, so that a hundred at once get no further than one after the other. What was typed is kept as a keyed hash.
"""

import hmac
import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from data.database import insert_or_ignore
from data.tables_access import sign_in_tries
from data.vault import find_vault

FORGET_S = 3600.0
FIRST_WAIT_S = 2.0


@dataclass(frozen=True)
class Pace:
    """So many failures are free; then 2 s, 4 s, 8 s, … up to `longest_s`."""

    free: int
    longest_s: float

    def find_wait(self, failed: int) -> float:
        """Seconds to wait after so many failures."""
        return min(self.longest_s, FIRST_WAIT_S * 2.0 ** min(failed - self.free, 30)) if failed >= self.free else 0.0


PACES = {
    "pair": Pace(5, 15 * 60),
    "name": Pace(5, 30),
    "device": Pace(5, 15 * 60),
    "address": Pace(50, 60),
    "code": Pace(5, 15 * 60),
    "again": Pace(5, 15 * 60),
}
KEPT_ON_SUCCESS = ("address",)  # else whoever has one account clears the way for guessing others


@dataclass(frozen=True)
class Attempt:
    """One kind of slowing and whom it is about."""

    kind: str
    about: str


def list_attempts(username: str, address: str, *, is_known_device: str | None) -> list[Attempt]:
    """What a try to sign in counts for."""
    own = (
        [Attempt("device", is_known_device)]
        if is_known_device
        else [Attempt("pair", f"{username}\n{address}"), Attempt("name", username)]
    )
    return [*own, Attempt("address", address)]


def begin_attempts(connection: Connection, attempts: list[Attempt]) -> float:
    """Count a try as failed before it is looked at; or return the seconds to wait, and count nothing. 0: go on."""
    now = time.time()
    connection.execute(delete(sign_in_tries).where(sign_in_tries.c.tried_at < now - FORGET_S))
    keys = {_key(connection, attempt): PACES[attempt.kind] for attempt in attempts}
    for key in sorted(keys):  # always in the same order, so that two do not wait for each other
        insert_or_ignore(connection, sign_in_tries, [{"try_key": key, "failed": 0, "tried_at": now, "wait_until": 0.0}])
    rows = connection.execute(
        select(sign_in_tries)
        .where(sign_in_tries.c.try_key.in_(keys))
        .order_by(sign_in_tries.c.try_key)
        .with_for_update()
    ).all()
    wait_s = float(max(row.wait_until for row in rows)) - now
    if wait_s > 0:
        return wait_s
    for row in rows:
        failed = row.failed + 1
        values = {"failed": failed, "tried_at": now, "wait_until": now + keys[row.try_key].find_wait(failed)}
        connection.execute(update(sign_in_tries).where(sign_in_tries.c.try_key == row.try_key).values(values))
    return 0.0


def forgive_attempts(connection: Connection, attempts: list[Attempt], *, fully: bool) -> None:
    """The try was right. `fully`: earlier failures are forgotten too, save those of an address."""
    for attempt in attempts:
        row = sign_in_tries.c
        mine = row.try_key == _key(connection, attempt)
        if fully and attempt.kind not in KEPT_ON_SUCCESS:
            connection.execute(delete(sign_in_tries).where(mine))
        else:
            taken_back = {"failed": row.failed - 1, "wait_until": 0.0}
            connection.execute(update(sign_in_tries).where(mine, row.failed > 0).values(taken_back))


def prove_device(connection: Connection, username: str, device: str) -> str:
    """The proof that a browser keeps: it has signed in with this name. It lets nobody in."""
    key = find_vault(connection).master.derive("staff device")
    return f"{device}.{hmac.new(key, f'{username}\n{device}'.encode(), 'sha256').hexdigest()}"


def find_device(connection: Connection, username: str, proof: str | None) -> str | None:
    """The device of a proof for this name; None when it is none."""
    device = (proof or "").partition(".")[0]
    if proof is None or not device:
        return None
    is_proof = hmac.compare_digest(prove_device(connection, username, device).encode(), proof.encode())
    return device if is_proof else None


def _key(connection: Connection, attempt: Attempt) -> str:
    return find_vault(connection).fingerprint(f"sign-in {attempt.kind}", attempt.about)
