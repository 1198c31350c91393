"""P8: no false urgency, no false scarcity in what an import brings to customers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data import tables
from data.errors import BadImport
from data.honesty import find_pressure
from data.importers import import_shop
from tests.kettles import NOW, Kettles, open_kettles, write_files

OFFERS = "offer_id,title,product_id\n"


@pytest.fixture
def kettles(tmp_path: Path) -> Iterator[Kettles]:
    with open_kettles(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [
        "Only 2 left!", "Just three left in stock", "Hurry, kettles at 20 %", "HURRY", "Last chance for teapots", "Final hours", "Act now", "Order right now",
        "Don't miss this kettle", "Don’t wait", "While stocks last", "While supplies last", "Almost gone", "Selling fast", "Limited time offer",
        "Limited-time kettle", "Ends soon", "Today only: kettles", "Only today", "Only 3 hours left", "12 people are looking at this", "Flash sale",
        "Once-in-a-lifetime price", "Before it's too late", "Do not miss out", "Stocks are running low", "Expires shortly",
    ],
)  # fmt: skip
def test_these_press_the_customer(text: str) -> None:
    pressure = find_pressure(text)
    assert pressure is not None
    assert pressure.better


@pytest.mark.parametrize(
    "text",
    [
        "Kettle coupon", "20 % off until 30 June", "Valid from 1 May to 30 June", "Where is my order now?", "There is no hurry.", "Left-handed scissors",
        "3 left-handed scissors", "Leftover box", "Lasting shine", "Stock cubes", "Chance card game", "Hurry-up sauce", "We are open today", "Fast kettle",
        "The last train mug", "Limited edition print", "How long do I have to return something?", "One pot meal", "Advent countdown calendar",
    ],
)  # fmt: skip
def test_these_inform(text: str) -> None:
    assert find_pressure(text) is None


def test_a_claim_about_stock_stands_only_if_it_is_the_catalogues_number(kettles: Kettles) -> None:
    kettles.bring(offers=f"{OFFERS}f1,Whistler: only 2 left,k1\n")
    assert kettles.rows(tables.offers, "title") == [("Whistler: only 2 left",)]
    with pytest.raises(BadImport, match="the number that stands in the column stock"):
        kettles.bring(offers=f"{OFFERS}f1,Whistler: only 3 left,k1\n")
    with pytest.raises(BadImport, match="the number that stands in the column stock"):
        kettles.bring(offers=f"{OFFERS}f1,Quiet: only 2 left,k2\n")


def test_an_offer_that_presses_is_refused_with_its_line_and_a_better_wording(kettles: Kettles) -> None:
    with pytest.raises(BadImport) as caught:
        kettles.bring(offers=f"{OFFERS}f1,Kettle coupon,k1\nf2,Last chance: teapots,t1\n")
    problem = caught.value.details["problems"][0]
    assert (problem["file"], problem["line"], problem["column"]) == ("offers.csv", 3, "title")
    assert '"Last chance"' in problem["value"]
    assert "until 31 January" in problem["expected"]


def test_a_products_name_and_category_are_checked_too(kettles: Kettles) -> None:
    header = "product_id,title,category\n"
    for row in ("k1,Kettle - almost gone,Kettles", "k1,Kettle,Flash sale > Kettles"):
        with pytest.raises(BadImport, match="presses the customer"):
            kettles.bring(products=f"{header}{row}\nt1,T,Teapots\nw1,W,Wine\n", offers=None, offer_events=None)


def write_question(kettles: Kettles, title: str, wording: str, answer: str) -> Path:
    directory = write_files(kettles.folder / "files")
    text = f'---\ntitle: "{title}"\nwordings:\n  - "{wording}"\n---\n{answer}\n'
    (directory / "questions" / "odd.md").write_text(text, encoding="utf-8")
    return directory


def test_a_question_is_checked_but_a_customers_own_wording_may_ask_anything(kettles: Kettles) -> None:
    good = write_question(
        kettles, "When does the sale end?", "Last chance for kettles? Are you human?", "On 31 January."
    )
    import_shop(kettles.database, kettles.shop, good, source="own", clock_now=NOW)
    for title, answer, line, kind in (
        ("When does the sale end?", "On 31 January.\nSo do not\nwait, buy one.", 7, "urgency"),
        ("Flash sale?", "On 31 January.", 2, "urgency"),
        ("Who answers?", "I'm Sarah, and I do.", 6, "pretending"),
    ):
        bad = write_question(kettles, title, "who", answer)
        with pytest.raises(BadImport) as caught:
            import_shop(kettles.database, kettles.shop, bad, source="own", clock_now=NOW)
        (problem,) = caught.value.details["problems"]
        assert (problem["file"], problem["line"]) == ("questions/odd.md", line)
        assert f"({kind})" in problem["value"]
        assert len(problem["expected"]) > 20
