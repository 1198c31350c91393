"""A link by mail for who cannot sign in: the same answer for everybody, once, for a quarter of an hour (docs/contract.md)."""

import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from data.clock import ShopClock
from data.customers import Customer, draw_person_id, seal_customer
from data.mail_links import LASTS_S
from data.tables import customers
from data.tables_reaching import mail_links, outbox
from settings import BadSetting, read_settings
from tests.listening import Box, open_box
from tests.making import AT
from tests.serving import SECRET, StandIn, make_settings, serve
from web import post
from web.identity import sign_customer_token


@pytest.fixture
def box() -> Iterator[Box]:
    with open_box() as box:
        yield box


@pytest.fixture
def client(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(post, "EVERY_S", 1e6)  # the test sends
    bot = StandIn()
    settings = replace(
        make_settings(tmp_path, bot_port=bot.port),
        smtp_url=f"smtp://127.0.0.1:{box.port}",
        mail_from="Fernhill <privacy@shop.example>",
        public_url="https://chat.shop.example",
    )
    with serve(settings) as client:
        house = client.app.state.house  # type: ignore[attr-defined]
        with house.database.write() as connection:
            for customer_id, email in (("c1", "Ann@Home.example"), ("c2", "bob@home.example")):
                made = Customer(draw_person_id(), customer_id, None, email, False, AT)
                connection.execute(insert(customers).values(seal_customer(connection, made)))
        yield client
    bot.close()


def find_house(client: TestClient) -> Any:
    return client.app.state.house  # type: ignore[attr-defined]


def ask(client: TestClient, email: str) -> Any:
    return client.post("/api/requests/link", json={"email": email})


def read_link(letter: EmailMessage) -> str:
    found = re.search(r"https://chat\.shop\.example/privacy#link=([\w-]+)", letter.get_content())
    assert found is not None
    return found[1]


def redeem(client: TestClient, token: str) -> Any:
    return client.post("/api/requests/redeem", json={"token": token})


def test_a_link_leads_to_ones_own_data_once(client: TestClient, box: Box) -> None:
    assert ask(client, " ann@home.EXAMPLE ").status_code == 202
    assert post.empty_outbox(find_house(client)) == 1
    letter = box.letters[0]
    assert (letter["To"], letter["From"]) == ("Ann@Home.example", "Fernhill <privacy@shop.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    signed = redeem(client, read_link(letter))
    assert signed.status_code == 200
    headers = {"Authorization": f"Bearer {signed.json()['customer_token']}"}
    groups = client.get("/api/me/data", headers=headers).json()["groups"]
    profile = next(group for group in groups if group["name"] == "profile")["rows"][0]
    assert profile["customer_id"] == "c1"
    assert redeem(client, read_link(letter)).status_code == 401
    with find_house(client).database.read() as connection:
        assert connection.execute(select(outbox)).first() is None  # nothing is kept of what was sent
        assert connection.execute(select(mail_links)).first() is None


def test_a_link_makes_nobody_grown_up(client: TestClient, box: Box) -> None:
    child = {"Authorization": f"Bearer {sign_customer_token('c2', SECRET, minor=True)}"}
    assert client.get("/api/me/consents", headers=child).status_code == 200
    ask(client, "bob@home.example")
    post.empty_outbox(find_house(client))
    token = redeem(client, read_link(box.letters[0])).json()["customer_token"]
    linked = {"Authorization": f"Bearer {token}"}
    granted = client.put("/api/me/consents/purchases", json={"granted": True}, headers=linked)
    assert (granted.status_code, granted.json()["error"]["code"]) == (403, "not_allowed")
    grown = {"Authorization": f"Bearer {sign_customer_token('c2', SECRET)}"}
    assert client.put("/api/me/consents/purchases", json={"granted": True}, headers=grown).status_code == 200


def test_a_link_ends_after_a_quarter_of_an_hour_and_a_forged_one_is_the_same(client: TestClient, box: Box) -> None:
    house = find_house(client)
    ask(client, "bob@home.example")
    post.empty_outbox(house)
    started = house.clock
    house.clock = ShopClock(started.zone, machine=lambda: started.machine() + timedelta(seconds=LASTS_S + 1))
    ended, forged = redeem(client, read_link(box.letters[0])), redeem(client, "x" * 43)
    assert (ended.status_code, forged.status_code) == (401, 401)
    assert ended.json() == forged.json()


def test_known_or_not_the_answer_and_its_time_are_the_same(client: TestClient, box: Box) -> None:
    house = find_house(client)
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(12):
        house.limiter = type(house.limiter)()
        for kind, email in (("known", "ann@home.example"), ("unknown", f"nobody{number}@home.example")):
            started = time.perf_counter()
            answer = ask(client, email)
            spent[kind].append(time.perf_counter() - started)
            assert (answer.status_code, answer.json()["minutes"]) == (202, 15)
    assert statistics.median(spent["known"]) < 3 * statistics.median(spent["unknown"])
    house.limiter = type(house.limiter)()
    assert ask(client, "ann@home.example").json() == ask(client, "nobody@home.example").json()
    post.empty_outbox(house)
    assert {letter["To"] for letter in box.letters} == {"Ann@Home.example"}


def test_a_server_that_is_down_is_tried_again_until_the_link_has_ended(client: TestClient, box: Box) -> None:
    house = find_house(client)
    started, later = house.clock, {"s": 0.0}
    house.clock = ShopClock(started.zone, machine=lambda: started.machine() + timedelta(seconds=later["s"]))
    box.is_down = True
    ask(client, "bob@home.example")
    assert post.empty_outbox(house) == 0
    assert post.empty_outbox(house) == 0  # not at once
    later["s"] = 60.0
    box.is_down = False
    assert post.empty_outbox(house) == 1
    box.is_down = True
    ask(client, "bob@home.example")
    later["s"] += LASTS_S + 60
    assert post.empty_outbox(house) == 0
    with house.database.read() as connection:
        assert connection.execute(select(outbox)).first() is None


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "ann@",
        "@home",
        "ann@home.example\nBcc: all@home.example",
        "a@b, c@d",
        "x" * 65 + "@b.example",
        "x@" + "b" * 190,
    ],
)
def test_what_is_no_address_is_refused(client: TestClient, email: str) -> None:
    assert ask(client, email).status_code == 422


def test_asking_often_is_limited(client: TestClient) -> None:
    statuses = [ask(client, "ann@home.example").status_code for _ in range(5)]
    assert statuses == [202, 202, 202, 429, 429]


def test_a_shop_without_mail_says_so(tmp_path: Path) -> None:
    bot = StandIn()
    with serve(make_settings(tmp_path, bot_port=bot.port)) as client:
        refused = ask(client, "ann@home.example")
        assert refused.status_code == 422
        assert "sends no links by mail" in refused.json()["error"]["message"]
        assert "data-mails" not in client.get("/privacy").text
    bot.close()


@pytest.mark.parametrize(
    "env",
    [
        {"CANDOR_SMTP_URL": "smtp://mail.example"},
        {"CANDOR_MAIL_FROM": "a@b.example"},
        {"CANDOR_SMTP_URL": "http://mail.example", "CANDOR_MAIL_FROM": "a@b.example"},
        {"CANDOR_SMTP_URL": "smtp://mail.example", "CANDOR_MAIL_FROM": "nobody"},
    ],
)
def test_mail_that_is_set_up_by_half_is_refused_at_the_start(env: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="CANDOR_"):
        read_settings(env)
