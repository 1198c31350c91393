"""Looking for a word in files, however it may be written there: several encodings, and inside compressed parts."""

import base64
import gzip
import json
import urllib.parse
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MAGIC = {
    b"\x1f\x8b\x08": 31,
    b"\x78\x9c": 15,
    b"\x78\x01": 15,
    b"\x78\xda": 15,
}  # start of a stream: zlib's wbits for it


def list_forms(word: str) -> dict[str, bytes]:
    """A word as it may stand in a file. In base64 it has three forms, by where it begins; the letters that depend on neighbours are left out."""
    raw = word.encode()
    forms = {
        "utf-8": raw,
        "utf-16-le": word.encode("utf-16-le"),
        "utf-16-be": word.encode("utf-16-be"),
        "json": json.dumps(word)[1:-1].encode(),
        "url": urllib.parse.quote(word, safe="").encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "reversed": raw[::-1],
        "lower": word.casefold().encode(),
    }
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        forms[f"base64+{shift}"] = coded[(0, 2, 3)[shift] : len(raw) * 4 // 3 - 2]
    return forms


def find_word(folder: Path, word: str) -> list[tuple[str, str]]:
    """(file, form) of each place where a word stands in any file under a folder."""
    forms = list_forms(word)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            for part in _unpack(path.read_bytes()):
                found += [(path.name, form) for form, needle in forms.items() if needle in part]
    return found


def _unpack(content: bytes) -> Iterator[bytes]:
    """The content, and whatever can be inflated in it."""
    yield content
    for magic, bits in MAGIC.items():
        start = content.find(magic)
        while start >= 0:
            with suppress(zlib.error):  # three bytes that only look like a beginning
                yield zlib.decompressobj(bits).decompress(content[start : start + 1_000_000], 1_000_000)
            start = content.find(magic, start + 1)


def plant(word: str, form: str) -> bytes:
    """A word in a form, with something around it: to see that the search bites."""
    around = b"ab" + list_forms(word)[form] + b"cd" if form in list_forms(word) else b""
    return {"gzip": gzip.compress(b"x" + word.encode()), "zlib": zlib.compress(b"x" + word.encode())}.get(form, around)
