"""The installation's master key: 32 random bytes in a file outside the data folder, from which every other key is derived.

It wraps the keys of single people (`data/vault.py`), makes the keyed fingerprints by which a customer is found without their id being
readable, chains the audit log and signs receipts. Who has a copy of the database alone has none of these. One key for each
purpose, by HKDF-SHA256 (RFC 5869), so that none can stand in for another.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from data.errors import BadKey

KEY_BYTES = 32
OTHERS = 0o077


@dataclass(frozen=True)
class MasterKey:
    """The key in memory. Its bytes are in no message and no `repr`."""

    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """The 32-byte key for one purpose, always the same."""
        return _derive(self.secret, purpose)


@lru_cache(maxsize=64)
def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"candor/{purpose}".encode()).derive(secret)


def open_master_key(file: Path, *, make: bool) -> MasterKey:
    """Read the key file; with `make`, write one where there is none.

    Raises
    ------
    BadKey
        When the file is missing and must not be made (what was sealed with it would be unreadable), is no key, or is open to others.
    """
    if not file.exists():
        if not make:
            raise BadKey(
                f"The key file {file} is missing, and this database holds rows sealed with it. Put the file back from where you keep it, "
                "or set CANDOR_KEY_FILE to where it is. Without it names and conversations cannot be read again."
            )
        _make(file)
    if file.stat().st_mode & OTHERS:
        raise BadKey(f"The key file {file} may be read by others. Allow its owner alone: chmod 600 {file}")
    try:
        secret = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise BadKey(
            f"The key file {file} holds no key: {KEY_BYTES * 2} hexadecimal digits are expected. Put the right file back."
        )
    return MasterKey(secret)


def _make(file: Path) -> None:
    """Whole or not at all, and never over another process's: the first link wins."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    with draft.open("w", encoding="ascii") as handle:
        handle.write(secrets.token_hex(KEY_BYTES) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    with suppress(FileExistsError):  # another process was first: its key is the key
        os.link(draft, file)
    draft.unlink()
