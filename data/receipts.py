"""Receipts: what a customer is handed for each yes and each no, so that they hold the proof themselves.

Fields as ISO/IEC TS 27560:2023 asks (record, parties, notice, what is processed, the event), in the terms of the W3C community's Data
Privacy Vocabulary 2 as JSON-LD; the context is inline, nothing is fetched. A receipt is made once, signed, and kept: what the shop is
called, whom to write to and how long things are kept may change, a receipt does not. One act (both purposes at once) is one receipt.

The signature is Ed25519 (RFC 8032) over the receipt without `proof`, as JSON in the canonical form of RFC 8785: keys sorted, no white
space, UTF-8. The key comes from the master key, so a receipt verifies as long as the installation has that.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, Row, select

from data import codec
from data.customers import find_person
from data.database import insert_or_ignore
from data.masterkey import MasterKey
from data.notices import name_notice, tell_notice
from data.shop import Shop
from data.tables import consent_events
from data.tables_rights import receipts
from data.texts import Texts
from data.vault import find_vault, name_person

CONFORMS_TO = "https://w3id.org/dpv/schema/dpv-27560#receipt"
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "proof": "https://w3id.org/security#proof",
    "proofValue": "https://w3id.org/security#proofValue",
}
DATA = {
    "purchases": ["pd:PurchasesAndSpendingHabit"],
    "offers": ["pd:Behavioral"],
    "preferences": ["pd:Preference"],
    "browsing": ["pd:BrowsingBehavior"],
    "fairness": ["pd:Demographic"],
    "sensitive": ["pd:PurchasesAndSpendingHabit", "dpv:SensitivePersonalData"],
}
PURPOSES = {"choose": "dpv:ProvidePersonalisedRecommendations", "train": "dpv:OptimisationForController"}
RIGHTS = [f"eu-gdpr:{article}" for article in ("A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A77")]
KEPT = {"purchases": "purchases_for_offers", "sensitive": "purchases_for_offers", "offers": "impressions", "browsing": "browsing"}  # fmt: skip
Verdict = Literal["valid", "changed", "no_receipt"]


@dataclass(frozen=True)
class Issuer:
    """Who hands out receipts: the shop, the languages its notices were told in, and the time."""

    shop: Shop
    languages: Mapping[str, Texts]
    at: str


def issue_receipts(connection: Connection, person_id: int, issuer: Issuer) -> list[dict[str, Any]]:
    """All receipts of a person, oldest first; those that were not made yet are made now."""
    made = _fetch(connection, person_id)
    covered = {event_id for row in made for event_id in row.event_ids}
    c = consent_events.c
    said = connection.execute(select(consent_events).where(c.person_id == person_id).order_by(c.event_id)).all()
    new = [list(rows) for _, rows in groupby((row for row in said if row.event_id not in covered), key=_name_act)]
    if new:
        master = find_vault(connection).master
        rows = [_store(connection, person_id, act, issuer, master) for act in new]
        insert_or_ignore(connection, receipts, rows)
        made = _fetch(connection, person_id)
    return [_open(connection, row) for row in made]


def fetch_receipts(connection: Connection, person_id: int) -> list[dict[str, Any]]:
    """The receipts of a person that were made, oldest first."""
    return [_open(connection, row) for row in _fetch(connection, person_id)]


def _fetch(connection: Connection, person_id: int) -> Sequence[Row[Any]]:
    return sorted(
        connection.execute(select(receipts).where(receipts.c.person_id == person_id)), key=lambda row: row.event_ids[0]
    )


def _open(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    return codec.decode(connection, row.body, **_place(row.person_id, row.receipt_id))["receipt"]  # type: ignore[no-any-return]


def _place(person_id: int, receipt_id: str) -> dict[str, str]:
    return {"subject": name_person(person_id), "place": f"receipts.body/{receipt_id}"}


def _name_act(row: Row[Any]) -> tuple[Any, ...]:
    """What the rows of one act have in common."""
    return row.at, row.category, row.granted, row.source, row.signal, row.notice_version, row.lang


def _store(connection: Connection, person_id: int, act: list[Row[Any]], issuer: Issuer, master: MasterKey) -> dict[str, Any]:  # fmt: skip
    event_ids = [row.event_id for row in act]
    mark = f"{person_id}:{event_ids[0]}:{act[0].at}".encode()
    receipt_id = f"receipt-{hmac.new(master.derive('receipt-ids'), mark, sha256).hexdigest()[:24]}"
    person = find_person(connection, person_id)
    receipt = sign_receipt(
        build_receipt(receipt_id, person.customer_id if person else "", act, issuer=issuer), master=master
    )
    body = codec.encode(connection, {"receipt": receipt}, **_place(person_id, receipt_id))
    return {
        "receipt_id": receipt_id,
        "person_id": person_id,
        "event_ids": event_ids,
        "issued_at": issuer.at,
        "body": body,
    }


def build_receipt(receipt_id: str, customer_id: str, act: list[Row[Any]], *, issuer: Issuer) -> dict[str, Any]:
    """A receipt for one act, without its proof."""
    said, shop = act[0], issuer.shop
    kind = name_notice(said.category)
    controller = {"@type": "dpv:DataController", "schema:name": shop.controller, "schema:email": shop.contact}
    bases = ["eu-gdpr:A6-1-a", *(["eu-gdpr:A9-2-a"] if kind == "sensitive" else [])]
    return {
        "@context": CONTEXT,
        "@id": f"urn:candor:{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": receipt_id,
        "dct:conformsTo": CONFORMS_TO,
        "dct:created": issuer.at,
        "dct:publisher": shop.controller,
        "dpv:hasRecordOfActivity": {
            "@type": "dpv:ConsentRecord",
            "dct:identifier": f"consent-{said.event_id}",
            "dpv:hasDataSubject": {"@type": "dpv:Customer", "dct:identifier": customer_id},
            "dpv:hasDataController": controller,
            "dpv:hasNotice": _tell(said, issuer),
            "dpv:hasLegalBasis": bases,
            "dpv:hasProcess": {
                "@type": "dpv:Process",
                "dct:identifier": said.category,
                "dpv:hasPersonalData": DATA[kind],
                "dpv:hasPurpose": [
                    {"@type": "dpv:Purpose" if kind == "fairness" else PURPOSES[row.purpose], "dct:identifier": row.purpose}
                    for row in act
                ],
                "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use"],
                "dpv:hasRecipient": shop.controller,
                "dpv:hasStorageCondition": _tell_storage(kind, shop),
            },
            "dpv:hasConsentStatus": {
                "@type": "dpv:ConsentGiven" if said.granted else "dpv:ConsentWithdrawn",
                "dpv:isIndicatedAtTime": said.at,
                "dpv:isIndicatedBy": "dpv:DataController" if said.source == "import" else "dpv:DataSubject",
                "dpv:hasIndicationMethod": said.source,
                "schema:additionalProperty": {"schema:name": "Sec-GPC", "schema:value": bool(said.signal)},
            },
            "dpv:hasRight": RIGHTS,
        },
    }  # fmt: skip


def _tell(said: Row[Any], issuer: Issuer) -> dict[str, Any]:
    """The notice; of a consent that the shop brought, only which one of its own it was."""
    notice = {"@type": "dpv:ConsentNotice", "dct:hasVersion": said.notice_version, "dct:language": said.lang}
    if said.source == "import":
        return notice | {"dct:publisher": issuer.shop.controller}
    texts = issuer.languages.get(said.lang) or next(iter(issuer.languages.values()))
    return notice | {"dct:description": tell_notice(texts, issuer.shop, said.category, int(said.notice_version))}


def _tell_storage(kind: str, shop: Shop) -> dict[str, Any]:
    """How far back at most; where nothing is said, until the customer stops it."""
    storage: dict[str, Any] = {"@type": "dpv:StorageDuration"}
    if kind in KEPT:
        return storage | {"dpv:hasDuration": f"P{shop.retention_days[KEPT[kind]]}D"}
    return storage | {"dpv:hasDuration": "dpv:UntilEventDuration"}


# --- signing ----------------------------------------------------------------------------------------------------------
def _open_key(master: MasterKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(master.derive("receipts"))


def write_canonical(told: Any) -> bytes:
    """JSON as it is signed."""
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def describe_key(master: MasterKey) -> dict[str, str]:
    """The public key, as a JWK (RFC 8037)."""
    raw = _open_key(master).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": _to_text(raw), "kid": sha256(raw).hexdigest()[:16]}


def sign_receipt(receipt: dict[str, Any], *, master: MasterKey) -> dict[str, Any]:
    """The receipt with its proof."""
    proof = {
        "type": "Ed25519",
        "canonical": "RFC 8785",
        "kid": describe_key(master)["kid"],
        "proofValue": _to_text(_open_key(master).sign(write_canonical(receipt))),
    }
    return receipt | {"proof": proof}


def verify_receipt(receipt: Any, *, master: MasterKey) -> Verdict:
    """Whether a receipt is one of ours, word for word. The same receipt always has the same signature, so ours is made again."""
    proof = receipt.get("proof") if isinstance(receipt, dict) else None
    if not isinstance(proof, dict) or not isinstance(proof.get("proofValue"), str):
        return "no_receipt"
    try:
        ours = sign_receipt({name: value for name, value in receipt.items() if name != "proof"}, master=master)
    except (UnicodeEncodeError, ValueError):  # half a character; a number that JSON does not have
        return "changed"
    return "valid" if ours["proof"] == proof else "changed"


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
