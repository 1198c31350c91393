"""/how-it-works is true of what is in force: it follows shop.toml, the version that serves, the audit and the incidents."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from data.catalogue import fetch_types
from data.customers import find_customer
from data.database import Database
from data.ranking_rows import fetch_training_rows
from data.shop import Shop
from data.tables import audit_groups, customers, offers
from data.texts import load_texts
from models.audit import Audit
from models.audit_report import NAMES
from models.features import GROUPS
from models.parameters import draw_features, measure_parameters, save_parameters
from models.ranker import Shelf
from tests.making import TODAY, make_consent
from tests.serving import ROOT, StandIn, make_settings, serve
from tests.small_shop import make_small_shop, train_small_shop


@contextmanager
def open_shop(folder: Path, **changes: str) -> Iterator[TestClient]:
    """A gateway over the folder's shop, with some lines of shop.toml changed."""
    text = (ROOT / "shop.toml").read_text(encoding="utf-8")
    for change in changes.values():
        old, new = change.split(" -> ")
        assert old in text
        text = text.replace(old, new)
    file = folder / "shop.toml"
    file.write_text(text, encoding="utf-8")
    bot = StandIn()
    with serve(make_settings(folder, bot_port=bot.port, shop_file=file)) as client:
        yield client
    bot.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[tuple[Path, Database, Shelf]]:
    folder = tmp_path_factory.mktemp("how")
    database, shelf = make_small_shop(folder, shop)
    yield folder, database, shelf
    database.close()


def read(client: TestClient, lang: str = "en") -> dict[str, Any]:
    answer = client.get("/api/how-it-works", params={"lang": lang})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def measure(made: tuple[Path, Database, Shelf]) -> dict[str, Any]:
    folder, database, shelf = made
    with database.read() as connection:
        rows = fetch_training_rows(connection, before=TODAY, groups=())
        types = fetch_types(connection)
    told = measure_parameters(shelf, rows, types, fewest_customers=20)
    save_parameters(told, folder / "models" / shelf.version)
    return told


def test_the_page_says_what_the_json_says_in_every_language(made: tuple[Path, Database, Shelf]) -> None:
    measure(made)
    with open_shop(made[0]) as client:
        for lang in ("en", "de", "es"):
            told, page = read(client, lang), client.get("/how-it-works", params={"lang": lang})
            assert page.headers["content-language"] == lang
            sentences = [*told["assistant"], *told["ranking"]["text"], *told["ranking"]["rules"], *told["complaints"]]
            sentences += [one["text"] for one in told["never_used"]] + [one["adds"] for one in told["categories"]]
            sentences += [one["what"] for one in told["retention"]] + [one["title"] for one in told["sensitive"]]
            text = page.text.replace("&#39;", "'").replace("&#34;", '"')
            assert [one for one in sentences if one not in text] == []
        assert told["assistant"][0] != read(client)["assistant"][0]
        for path in ("/", "/privacy", "/questions"):
            assert 'href="/how-it-works' in client.get(path).text


def test_it_follows_the_owners_settings(made: tuple[Path, Database, Shelf]) -> None:
    with open_shop(
        made[0],
        retention="browsing = 30 -> browsing = 11",
        contact="privacy@fernhill-market.example -> data@other.example",
        slate="most_of_one_category = 2 -> most_of_one_category = 3",
        share="discoveries = 0.4 -> discoveries = 0.0",
        languages='["en", "de", "es"] -> ["en"]',
        name='name = "Fernhill Market" -> name = "Corner Shop"',
    ) as client:
        told = read(client)
        kept = {one["name"]: one["days"] for one in told["retention"]}
        assert kept["browsing"] == 11
        assert next(one["days"] for one in told["categories"] if one["category"] == "browsing") == 11
        assert told["shop"]["languages"] == ["English"]
        assert "Corner Shop" in told["assistant"][0]
        assert any("data@other.example" in line for line in told["complaints"])
        assert any(rule.startswith("At most 3 ") for rule in told["ranking"]["rules"])
        assert not any("something new" in rule for rule in told["ranking"]["rules"])
        assert "11 days" in client.get("/how-it-works").text


def test_the_weights_are_the_mean_sizes_of_the_exact_values(made: tuple[Path, Database, Shelf]) -> None:
    """Recomputed candidate by candidate, in plain Python."""
    told = measure(made)
    _, database, shelf = made
    with database.read() as connection:
        features = draw_features(
            shelf, fetch_training_rows(connection, before=TODAY, groups=()), fetch_types(connection)
        )
    assert {tuple(one["consents"]) for one in told["sets"] if one["slot"] == "any"} == {
        tuple(sorted(consents)) for consents in shelf.rankers
    }
    for one in (one for one in told["sets"] if one["slot"] == "any"):
        ranker = shelf.rankers[frozenset(one["consents"])]
        values = ranker.attribute(features)[1]
        sizes = {name: sum(abs(row[name]) for row in values) for name in values[0]}
        for row in one["parameters"]:
            assert row["share"] == pytest.approx(sizes[row["group"]] / sum(sizes.values()))
        assert sum(row["share"] for row in one["parameters"]) == pytest.approx(1)


def test_it_follows_the_version_that_serves(tmp_path: Path, shop: Shop) -> None:
    database, first = make_small_shop(tmp_path, shop)
    measure((tmp_path, database, first))
    with open_shop(tmp_path) as client:
        told = read(client)
        assert told["ranking"]["version"] == first.version
        assert told["ranking"]["trained_on"] == TODAY.isoformat()
        assert told["ranking"]["sets"] != []
        adds = {one["category"]: one["adds"] for one in told["categories"]}
        widest = max(
            (one for one in told["ranking"]["sets"] if one["slot"] == "any"), key=lambda one: len(one["consents"])
        )
        share = sum(row["share"] for row in widest["parameters"] if row["category"] == "purchases")
        assert f"about {round(100 * share)} of 100" in adds["purchases"]
        with database.write() as connection:
            for customer_id in ("c1", "c2", "c3"):
                withdrawn = find_customer(connection, customer_id)
                assert withdrawn is not None
                make_consent(connection, withdrawn.person_id, "purchases", granted=False)
            connection.execute(insert(offers).values(offer_id="mine", title="Mine", price_personalized=True))
        second = train_small_shop(database, tmp_path / "models", shop)
        told = read(client)
        assert told["ranking"]["version"] == second.version
        assert any("1 offers" in one["text"] for one in told["never_used"])
        assert second.version != first.version
        assert told["ranking"]["sets"] == []  # not measured for it
        assert "was not measured for this version" in client.get("/how-it-works").text
    database.close()


def test_without_a_ranker_it_says_so(tmp_path: Path) -> None:
    with open_shop(tmp_path) as client:
        told = read(client)
        assert told["ranking"]["version"] is None
        assert told["ranking"]["text"][0].startswith("No ranker is in use.")
        assert all(
            "nothing" in one["adds"].lower()
            or one["category"] in ("preferences", "browsing")
            or one["category"].startswith("sensitive_")
            for one in told["categories"]
        )
        assert client.get("/how-it-works").status_code == 200


def test_fairness_is_the_audits_word_or_none(made: tuple[Path, Database, Shelf]) -> None:
    folder, database, shelf = made
    finding = {
        "group": "age_band", "measure": "coupon", "limit": 0.05, "over_limit": True, "above_personal_frequency": False,
        "model": {"difference": 0.0625, "null_p95": 0.03, "groups": []},
    }  # fmt: skip
    audit = {"version": shelf.version, "day": "2026-02-02", "audited": 60, "fewest_in_group": 20, "findings": [finding]}
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    with database.write() as connection:
        person_id = connection.execute(select(customers.c.person_id)).scalars().first()
        connection.execute(insert(audit_groups).values(person_id=person_id, name="age_band", value="25-34"))
    with open_shop(folder) as client:
        assert read(client)["fairness"]["audited"] is False
        (reports / "audit-another-version.json").write_text(json.dumps(audit))
        assert read(client)["fairness"]["audited"] is False
        (reports / f"audit-{shelf.version}.json").write_text(json.dumps(audit))
        told = read(client)
        assert [(one["group"], one["difference"], one["verdict"]) for one in told["fairness"]["findings"]] == [
            ("age band", 0.0625, "limit broken")
        ]
        page = client.get("/how-it-works").text
        assert "0.062" in page
        assert "limit broken" in page
        assert "age band" in next(one["text"] for one in told["never_used"] if one["name"] == "groups")
        assert "25-34" not in page
    (reports / f"audit-{shelf.version}.json").unlink()


@pytest.mark.parametrize(
    ("held", "agreeing", "said"),
    [
        (0, 0, "the shop has no groups of customers to compare"),
        (801, 0, "none of the 801 customers whose groups the shop knows agreed to this check. At least 20 must agree"),
        (801, 7, "7 of the 801 customers whose groups the shop knows agreed"),
    ],
)
def test_why_nobody_was_checked_is_said(
    made: tuple[Path, Database, Shelf], held: int, agreeing: int, said: str
) -> None:
    folder, _, shelf = made
    reports = folder / "reports"
    reports.mkdir(exist_ok=True)
    audit = Audit(shelf.version, date(2026, 2, 2), False, agreeing, (), {}, (), ("Nothing was audited.",), held=held)
    report = reports / f"audit-{shelf.version}.json"
    report.write_text(json.dumps(audit.describe()))
    with open_shop(folder) as client:
        told = read(client)["fairness"]
    report.unlink()
    assert told["audited"] is False
    assert said in told["text"]


def test_every_measure_and_every_group_has_its_words() -> None:
    for lang in ("en", "de", "es"):
        texts = load_texts(ROOT / "texts", lang)
        for name in (*(f"how.measure_{one}" for one in NAMES), *(f"how.group_{one.name}" for one in GROUPS)):
            assert texts.say(name)


def test_it_needs_no_sign_in_and_names_nobody(made: tuple[Path, Database, Shelf]) -> None:
    with open_shop(made[0]) as client:
        told = json.dumps(read(client))
        assert "person_id" not in told
        assert "Name c1" not in told
