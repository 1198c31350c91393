"""The one codec through which every stored text of a person passes: message bodies, notes, a review's words.

Version 1 is JSON, deflated where that makes it smaller. The first byte is the version, so that a later one (encrypted for
each person) reads old rows too.
"""

import json
import zlib
from typing import Any

PLAIN, DEFLATED = b"\x01", b"\x02"
WORTH_DEFLATING = 400


def encode(body: dict[str, Any]) -> bytes:
    """A body as bytes for the database. Empty parts are left out."""
    raw = json.dumps(
        {k: v for k, v in body.items() if v not in (None, [], "")}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    if len(raw) < WORTH_DEFLATING:
        return PLAIN + raw
    return DEFLATED + zlib.compress(raw, 6)


def decode(stored: bytes) -> dict[str, Any]:
    """The reverse of `encode`."""
    version, raw = stored[:1], stored[1:]
    if version == DEFLATED:
        raw = zlib.decompress(raw)
    elif version != PLAIN:
        raise ValueError(
            f"A stored text begins with {version!r}, which this version of Candor cannot read. Update Candor."
        )
    body: dict[str, Any] = json.loads(raw)
    return body
