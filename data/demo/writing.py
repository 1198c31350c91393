"""The demo shop as files in the import format."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from data.demo.catalogue import build_products
from data.demo.coupons import build_offers
from data.demo.orders import build_orders
from data.demo.people import build_customers
from data.demo.source import DemoSource, load_source

QUESTIONS = Path(__file__).parent / "questions"
ANSWERS = Path(__file__).parent / "answers"


@dataclass(frozen=True)
class DemoCounts:
    """What was written, and what was left out."""

    products: int
    products_left_out: int
    types: int
    order_lines: int
    lines_without_quantity: int
    lines_left_out: int
    customers: int
    offers: int
    offer_events: int
    questions: int
    answers: int

    def describe(self) -> list[str]:
        return [
            f"{self.products:,} products of {self.types:,} types "
            f"({self.products_left_out:,} left out: coupons, fees and things without a name)",
            f"{self.order_lines:,} order lines "
            f"({self.lines_without_quantity:,} of quantity 0 and {self.lines_left_out:,} of things left out)",
            f"{self.customers:,} customers, names invented; {self.offers:,} offers, "
            f"{self.offer_events:,} offer events; {self.questions} questions, {self.answers} answers for the staff",
        ]


def write_demo_shop(directory: Path, source: DemoSource | None = None) -> DemoCounts:
    """Write the demo shop's files; the same bytes at every run."""
    source = source or load_source()
    directory.mkdir(parents=True, exist_ok=True)
    products = build_products(source)
    offers = build_offers(source, products)
    orders, zero, dropped = build_orders(source, products, offers.redeemed)
    customers = build_customers(source.transactions["household_id"].unique().to_list(), source.demographics)
    products.drop("type", "aisle").write_csv(directory / "products.csv")
    orders.write_csv(directory / "orders.csv")
    customers.write_csv(directory / "customers.csv")
    offers.offers.write_csv(directory / "offers.csv")
    offers.events.write_csv(directory / "offer_events.csv")
    return DemoCounts(
        products=products.height,
        products_left_out=source.products.height - products.height,
        types=products["category"].n_unique(),
        order_lines=orders.height,
        lines_without_quantity=zero,
        lines_left_out=dropped,
        customers=customers.height,
        offers=offers.offers.height,
        offer_events=offers.events.height,
        questions=_copy_pages(QUESTIONS, directory / "questions"),
        answers=_copy_pages(ANSWERS, directory / "answers"),
    )


def _copy_pages(source: Path, target: Path) -> int:
    """Copy a folder's *.md into an empty folder; how many there are."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    pages = sorted(source.glob("*.md"))
    for page in pages:
        shutil.copy(page, target / page.name)
    return len(pages)
