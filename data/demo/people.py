"""customers.csv of the demo: households with invented names, mail addresses and consents, and their real demographics.

Everything invented comes from one seed and the household's number, so it is the same at every run and does not change
when a household is added. Names are drawn from `invented_names.csv`, first and last apart. Addresses end in
example.org, which no mail can reach (RFC 2606).
"""

import csv
import random
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import polars as pl

SEED = "candor-demo-1"
CONSENTING = 0.7
NOTICE = "demo-2017-01"
FIRST_CONSENT = date(2017, 1, 1)
CONSENT_DAYS = 31
AUDIT = ("age", "income", "home_ownership", "marital_status", "household_size", "household_comp", "kids_count")


def build_customers(households: list[int], demographics: pl.DataFrame) -> pl.DataFrame:
    """The rows of customers.csv, by household number."""
    first, last = read_names("first"), read_names("last")
    rows = [_invent(household, first, last) for household in sorted(households)]
    people = pl.DataFrame(rows, infer_schema_length=None)
    groups = demographics.select(
        "household_id", *(pl.col(name).cast(pl.String).alias(f"audit_{name}") for name in AUDIT)
    )
    return people.join(groups, on="household_id", how="left", maintain_order="left").drop("household_id")


def read_names(part: str) -> list[str]:
    """The first or the last names to draw from."""
    with (Path(__file__).parent / "invented_names.csv").open(encoding="utf-8", newline="") as file:
        return [row["name"] for row in csv.DictReader(file) if row["part"] == part]


def _invent(household: int, first_names: list[str], last_names: list[str]) -> dict[str, object]:
    draw = random.Random(f"{SEED}:{household}")
    first, last = draw.choice(first_names), draw.choice(last_names)
    agreed = draw.random() < CONSENTING
    day = (FIRST_CONSENT + timedelta(days=draw.randrange(CONSENT_DAYS))).isoformat()
    return {
        "household_id": household,
        "customer_id": str(household),
        "name": f"{first} {last}",
        "email": f"{_fold(first)}.{_fold(last)}.{household}@example.org",
        "consent_purchases": day if agreed else None,
        "consent_offers": day if agreed else None,
        "consent_notice": NOTICE if agreed else None,
    }


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
