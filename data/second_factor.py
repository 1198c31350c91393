"""The second factor: codes that change each half minute (TOTP, RFC 6238), and ten recovery codes for a lost phone.

pyotp computes the codes: small, typed, kept for ten years. Around it stands what the RFC asks of a verifier: one step before and after
(5.2), and no code twice (5.2), also when two gateways look at once: a conditional UPDATE takes the step. The secret is sealed with
a key from the master key; recovery codes are kept as keyed hashes, so that who has the database has neither.
"""

import os
import secrets
import time

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, func, insert, select, update

from data.errors import Conflict
from data.passwords import LETTERS
from data.tables_access import recovery_codes, second_factors
from data.vault import NONCE_BYTES, find_vault

STEP_S = 30
STEPS_OFF = 1
RECOVERY_CODES, RECOVERY_LETTERS = 10, 10


def has_second_factor(connection: Connection, username: str) -> bool:
    """Whether one is set up and confirmed."""
    f = second_factors.c
    return (
        connection.execute(select(f.username).where(f.username == username, f.confirmed_at.is_not(None))).first()
        is not None
    )


def begin_second_factor(connection: Connection, username: str) -> str:
    """A new secret (base32), to be confirmed by a code. Raises `Conflict` when one stands already."""
    if has_second_factor(connection, username):
        raise Conflict("A second factor is set up already. Remove it first.")
    secret = pyotp.random_base32()
    connection.execute(delete(second_factors).where(second_factors.c.username == username))
    connection.execute(
        insert(second_factors).values(username=username, secret=_seal(connection, username, secret), last_step=0)
    )
    return secret


def tell_address(secret: str, *, username: str, shop: str) -> str:
    """The address that a phone reads from a picture (`otpauth:`)."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=shop)


def confirm_second_factor(connection: Connection, username: str, code: str) -> list[str] | None:
    """Set it up if the code is right; returns the recovery codes, shown this once, or None."""
    step = _take_code(connection, username, code, confirmed=False)
    if step is None:
        return None
    mine = second_factors.c.username == username
    connection.execute(update(second_factors).where(mine).values(confirmed_at=time.time()))
    return renew_recovery_codes(connection, username)


def renew_recovery_codes(connection: Connection, username: str) -> list[str]:
    """Ten new ones; those of before are worth nothing."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.username == username))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LETTERS)) for _ in range(RECOVERY_CODES)]
    rows = [{"code_hash": _hash(connection, username, code), "username": username} for code in codes]
    connection.execute(insert(recovery_codes), rows)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def count_recovery_codes(connection: Connection, username: str) -> int:
    """How many are left."""
    r = recovery_codes.c
    return int(connection.execute(select(func.count()).where(r.username == username, r.used_at.is_(None))).scalar_one())


def take_code(connection: Connection, username: str, code: str) -> bool:
    """Use up a code of the phone or a recovery code; False when it is wrong or was used."""
    if _take_code(connection, username, code, confirmed=True) is not None:
        return True
    r = recovery_codes.c
    mine = (r.code_hash == _hash(connection, username, _tidy(code))) & (r.username == username) & r.used_at.is_(None)
    return connection.execute(update(recovery_codes).where(mine).values(used_at=time.time())).rowcount == 1


def remove_second_factor(connection: Connection, username: str) -> bool:
    """Take it away with its recovery codes; returns whether a confirmed one stood."""
    stood = has_second_factor(connection, username)
    connection.execute(delete(recovery_codes).where(recovery_codes.c.username == username))
    connection.execute(delete(second_factors).where(second_factors.c.username == username))
    return stood


def _take_code(connection: Connection, username: str, code: str, *, confirmed: bool) -> int | None:
    """The step whose code this is, used up; None when it is wrong, too old, or not newer than the last one used."""
    f, given = second_factors.c, _tidy(code)
    is_confirmed = f.confirmed_at.is_not(None) if confirmed else f.confirmed_at.is_(None)
    row = connection.execute(select(second_factors).where(f.username == username, is_confirmed)).first()
    if row is None:
        return None
    totp = pyotp.TOTP(_unseal(connection, username, row.secret), interval=STEP_S)
    now = int(time.time()) // STEP_S
    steps = range(now - STEPS_OFF, now + STEPS_OFF + 1)
    found = [step for step in steps if secrets.compare_digest(totp.generate_otp(step).encode(), given.encode())]
    if not found:
        return None
    newer = (f.username == username) & (f.last_step < found[-1])
    taken = connection.execute(update(second_factors).where(newer).values(last_step=found[-1])).rowcount
    return found[-1] if taken == 1 else None


def _tidy(code: str) -> str:
    """As it was meant: blanks, hyphens and capitals come from pasting and reading aloud."""
    return "".join(code.split()).replace("-", "").lower()


def _hash(connection: Connection, username: str, code: str) -> str:
    return find_vault(connection).fingerprint("recovery code", f"{username}\n{code}")


def _seal(connection: Connection, username: str, secret: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher(connection).encrypt(nonce, secret.encode(), username.encode())


def _unseal(connection: Connection, username: str, sealed: bytes) -> str:
    return _cipher(connection).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], username.encode()).decode()


def _cipher(connection: Connection) -> AESGCM:
    return AESGCM(find_vault(connection).master.derive("second factor"))
