"""Receipts: one a yes or no, signed, the same for ever, and checked by others with the public key alone."""

import copy
import json
import random
from base64 import urlsafe_b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select

from data.consent import record_consent
from data.database import Database
from data.notices import load_notices, publish_notices
from data.receipts import Issuer, describe_key, issue_receipts, verify_receipt, write_canonical
from data.shop import Shop
from data.tables import consent_events
from data.tables_rights import receipts
from data.texts import load_languages
from tests.databases import open_file
from tests.making import AT, make_consent, make_imported_consent, make_person

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def issuer(shop: Shop) -> Issuer:
    return Issuer(shop, load_languages(ROOT / "texts", shop.languages), AT)


@pytest.fixture
def person(database: Database, issuer: Issuer) -> int:
    with database.write() as connection:
        publish_notices(connection, load_notices(), issuer.languages, at=AT)
        return make_person(connection, "anna")


def issue(database: Database, person_id: int, issuer: Issuer) -> list[dict[str, Any]]:
    with database.write() as connection:
        return issue_receipts(connection, person_id, issuer)


def say(database: Database, person_id: int, shop: Shop, category: str, granted: bool, **more: Any) -> None:
    told = {"purposes": ("choose", "train"), "at": AT, "source": "page", "lang": "en", "known": shop.categories} | more
    with database.write() as connection:
        record_consent(connection, person_id, category, granted=granted, **told)


def test_each_yes_and_each_no_has_one_receipt_with_who_what_why_how_long(
    database: Database, person: int, issuer: Issuer
) -> None:
    say(database, person, issuer.shop, "purchases", True, lang="de", signal=True)
    say(database, person, issuer.shop, "purchases", False, purposes=("train",), source="chat")
    yes, no = issue(database, person, issuer)
    record, ended = yes["dpv:hasRecordOfActivity"], no["dpv:hasRecordOfActivity"]
    assert record["dpv:hasDataSubject"]["dct:identifier"] == "anna"
    assert record["dpv:hasDataController"]["schema:name"] == issuer.shop.controller
    assert record["dpv:hasDataController"]["schema:email"] == issuer.shop.contact
    assert [one["dct:identifier"] for one in record["dpv:hasProcess"]["dpv:hasPurpose"]] == ["choose", "train"]
    assert record["dpv:hasProcess"]["dct:identifier"] == "purchases"
    assert record["dpv:hasProcess"]["dpv:hasStorageCondition"]["dpv:hasDuration"] == "P395D"
    assert record["dpv:hasNotice"]["dct:description"].startswith("Darf ich für Ihre Angebote nutzen")
    assert (record["dpv:hasNotice"]["dct:hasVersion"], record["dpv:hasNotice"]["dct:language"]) == ("1", "de")
    status = record["dpv:hasConsentStatus"]
    assert (status["@type"], status["dpv:isIndicatedAtTime"]) == ("dpv:ConsentGiven", AT)
    assert status["schema:additionalProperty"]["schema:value"] is True
    assert [one["dct:identifier"] for one in ended["dpv:hasProcess"]["dpv:hasPurpose"]] == ["train"]
    assert ended["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentWithdrawn"
    assert ended["dpv:hasConsentStatus"]["dpv:hasIndicationMethod"] == "chat"


def test_every_row_of_the_ledger_is_in_exactly_one_receipt(database: Database, person: int, issuer: Issuer) -> None:
    rng = random.Random(3)
    for _ in range(60):
        say(
            database,
            person,
            issuer.shop,
            rng.choice(issuer.shop.categories),
            rng.random() < 0.6,
            purposes=rng.choice([("choose",), ("train",), ("choose", "train")]),
        )
        if rng.random() < 0.3:
            issue(database, person, issuer)
    told = issue(database, person, issuer)
    with database.read() as connection:
        count = connection.execute(select(func.count()).select_from(consent_events)).scalar_one()
        covered = [one for row in connection.execute(select(receipts.c.event_ids)).scalars() for one in row]
    assert sorted(covered) == list(range(1, count + 1))
    assert len(told) > 20


def test_a_receipt_read_again_is_the_same_byte_for_byte_whatever_the_shop_is_called_now(
    database: Database, person: int, issuer: Issuer
) -> None:
    say(database, person, issuer.shop, "browsing", True)
    before = json.dumps(issue(database, person, issuer))
    later = Issuer(
        replace(issuer.shop, controller="Another Ltd.", contact="new@shop.example"),
        issuer.languages,
        "2027-01-01T00:00:00.000000Z",
    )
    assert json.dumps(issue(database, person, later)) == before
    say(database, person, issuer.shop, "browsing", False)
    after = issue(database, person, later)
    assert json.dumps(after[:1]) == before
    assert after[1]["dct:publisher"] == "Another Ltd."


def test_a_receipt_of_an_imported_consent_names_the_shops_own_notice_and_quotes_none_of_ours(
    database: Database, person: int, issuer: Issuer
) -> None:
    with database.write() as connection:
        make_imported_consent(connection, person, "purchases", notice_version="shop-2024")
    (receipt,) = issue(database, person, issuer)
    notice = receipt["dpv:hasRecordOfActivity"]["dpv:hasNotice"]
    assert notice["dct:hasVersion"] == "shop-2024"
    assert "dct:description" not in notice
    status = receipt["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]
    assert status["dpv:isIndicatedBy"] == "dpv:DataController"


def verify_elsewhere(receipt: dict[str, Any], jwk: dict[str, str]) -> None:
    """As docs/contract.md tells it: with the public key, and nothing of ours."""
    raw = urlsafe_b64decode(jwk["x"] + "==")
    signature = urlsafe_b64decode(receipt["proof"]["proofValue"] + "==")
    unsigned = {name: value for name, value in receipt.items() if name != "proof"}
    body = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, body)


def test_anybody_can_check_it_with_the_public_key(database: Database, person: int, issuer: Issuer) -> None:
    say(database, person, issuer.shop, "preferences", True, lang="es")
    (receipt,) = issue(database, person, issuer)
    jwk = describe_key(database.vault.master)
    assert jwk["kid"] == receipt["proof"]["kid"]
    verify_elsewhere(receipt, jwk)
    verify_elsewhere(json.loads(json.dumps(receipt)), jwk)
    with pytest.raises(InvalidSignature):
        verify_elsewhere(receipt | {"dct:publisher": "Somebody"}, jwk)


def list_places(told: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every value inside, by its path."""
    if isinstance(told, dict | list):
        inside = told.items() if isinstance(told, dict) else enumerate(told)
        return [place for key, value in inside for place in list_places(value, (*path, key))]
    return [path]


def test_every_change_of_a_receipt_is_found(database: Database, person: int, issuer: Issuer) -> None:
    say(database, person, issuer.shop, "sensitive_alcohol", True)
    (receipt,) = issue(database, person, issuer)
    master = database.vault.master
    assert verify_receipt(receipt, master=master) == "valid"
    places = list_places(receipt)
    assert len(places) > 40
    for *path, last in places:
        changed = copy.deepcopy(receipt)
        inner: Any = changed
        for key in path:
            inner = inner[key]
        inner[last] = f"{inner[last]}x" if isinstance(inner[last], str) else not inner[last]
        assert verify_receipt(changed, master=master) == "changed", (path, last)
        del inner[last]
        assert verify_receipt(changed, master=master) != "valid", (path, last)
    assert verify_receipt(receipt | {"more": 1}, master=master) == "changed"


@pytest.mark.parametrize(
    "told", [None, 1, "receipt", [], {}, {"proof": "x"}, {"proof": {}}, {"proof": {"proofValue": 3}}]
)
def test_what_has_no_signature_is_no_receipt(database: Database, told: Any) -> None:
    assert verify_receipt(told, master=database.vault.master) == "no_receipt"


@pytest.mark.parametrize("told", ["\ud800", float("nan"), float("inf")])
def test_what_cannot_be_json_is_no_receipt_of_ours(database: Database, told: Any) -> None:
    assert verify_receipt({"a": told, "proof": {"proofValue": "x"}}, master=database.vault.master) == "changed"


def test_another_installations_receipt_is_not_ours(
    database: Database, person: int, issuer: Issuer, tmp_path: Path
) -> None:
    say(database, person, issuer.shop, "offers", True)
    (receipt,) = issue(database, person, issuer)
    (tmp_path / "other").mkdir()
    other = open_file(tmp_path / "other" / "candor.db")
    assert verify_receipt(receipt, master=other.vault.master) == "changed"
    other.close()


def test_what_is_signed_is_written_in_one_way() -> None:
    assert write_canonical({"b": [1, True, None], "a": "ä\n"}) == '{"a":"ä\\n","b":[1,true,null]}'.encode()


def test_one_persons_receipts_are_not_anothers(database: Database, person: int, issuer: Issuer) -> None:
    with database.write() as connection:
        other = make_person(connection, "ben")
        make_consent(connection, other, "offers", granted=True)
    assert issue(database, person, issuer) == []
    assert len(issue(database, other, issuer)) == 1
