"""The one codec through which every stored text of a person passes: message bodies, notes, a review's words, names and addresses.

A body is JSON, deflated where that makes it smaller, and then sealed for its subject (`data/vault.py`). The first byte is the version.
Versions 1 and 2 were not sealed; migration 0005 sealed them.
"""

import json
import zlib
from typing import Any

from sqlalchemy import Connection

from data.vault import find_vault

SEALED, SEALED_DEFLATED = b"\x03", b"\x04"
WORTH_DEFLATING = 400


def encode(connection: Connection, body: dict[str, Any], *, subject: str, place: str) -> bytes:
    """A body as bytes for the database; empty parts are left out. `place` is `table.column/row`: it can be read there only."""
    raw = json.dumps(
        {k: v for k, v in body.items() if v not in (None, [], "")}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    version = SEALED
    if len(raw) >= WORTH_DEFLATING:
        version, raw = SEALED_DEFLATED, zlib.compress(raw, 6)
    return version + find_vault(connection).seal(subject, f"{place}/{version.hex()}", raw)


def decode(connection: Connection, stored: bytes, *, subject: str, place: str) -> dict[str, Any]:
    """The reverse of `encode`."""
    version = stored[:1]
    if version not in (SEALED, SEALED_DEFLATED):
        raise ValueError(
            f"A stored text begins with {version!r}, which this version of Candor cannot read. Update Candor."
        )
    raw = find_vault(connection).unseal(subject, f"{place}/{version.hex()}", stored[1:])
    body: dict[str, Any] = json.loads(zlib.decompress(raw) if version == SEALED_DEFLATED else raw)
    return body
