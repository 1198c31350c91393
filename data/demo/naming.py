"""What the demo's goods are called: names that people use, in aisles that people know.

The data has 3,867 pairs of category and type in the wording of a till ("IWS SINGLE CHEESE"), a few hundred of them
bought often and a long tail of single mistakes ("PIZZA / KITES"). Three steps, the first that fits:

1. `type_names.csv`: the pairs named by hand, the most common first (it covers every pair that 100 households bought).
2. The pair's type under its name from another category, if the hand-made table has it and it says by itself what it is
   ("KITES" does, "PREMIUM" does not). Not for goods of a sensitive aisle: a shampoo among the baby care stays there.
3. The category's own name, from `aisles.csv`: a rare kind of cheese is "Cheese".

So every name a customer can read was read before. Pairs with the same name are one product type. Not named, and so left
out: categories without a `kind` (coupons, fees, store supplies) and what the data itself does not name.
"""

import csv
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).parent
SENSITIVE_AISLES = frozenset(
    {"Alcoholic drinks", "Baby", "Diet products", "Intimate care", "Medicine and health", "Tobacco"}
)
VAGUE = frozenset(  # says nothing without its category
    {
        "ACTIVITY", "APPLICATORS", "APRICOTS", "BEANS", "BETTER FOR YOU", "BEVERAGE", "BLENDS", "BOXED",
        "BREAKFAST FOODS", "BREAST - BONELESS", "CARROTS", "CONDIMENTS/SUPPLIES", "CONES", "CONTINUITY",
        "COOKED", "CORN", "CUPS", "DECOR", "DIPS", "DRESSINGS", "DRY", "ECONOMY", "ENHANCED", "ENTREES",
        "EXTERNAL", "FASTENERS", "FLANK", "FRESH", "FURNITURE", "GREENS", "HAM", "INTERNAL", "JUICE",
        "KABOBS", "KITS", "LAUNDRY", "LEAN", "MAINSTREAM", "MARINATED", "MARINATED PORK",
        "MARINATED POULTRY", "MASKS", "MICROWAVE", "MISC", "MISC HOLIDAYS", "MISC SALES TRANS",
        "MISCELLANEOUS", "MUMS", "NATURAL", "NOVELTIES", "OTHER", "OVEN", "PANTRY", "PATTIES", "PEACHES",
        "PEARS", "PINEAPPLE", "PIZZA", "PLUMS", "POULTRY", "PREMIUM", "PRIMAL", "PROCESSED OTHER", "PROMO",
        "PROMO/ENDCAP", "PROMOTIONAL", "QUARTS", "RED", "RIBS", "SALADS", "SAUSAGE", "SEASONAL",
        "SEASONAL MISCELLANEOUS", "SEASONED POULTRY", "SMOKED/COOKED", "SOUPS", "SPECIALTY",
        "STIR FRY/STRIPS/FAJITAS", "TRADITIONAL", "TREATS", "VALUE", "VARIETY PACK", "WRAP",
    }
)  # fmt: skip


def read_names() -> dict[tuple[str, str], tuple[str, str]]:
    """The names given by hand: (product_category, product_type) -> (name, aisle); a blank name leaves the pair out."""
    with (FOLDER / "type_names.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["product_category"], row["product_type"]): (row["name"], row["aisle"]) for row in csv.DictReader(file)
        }


def read_aisles() -> dict[str, tuple[str, str]]:
    """Each category's own name and aisle; both blank for what is no goods."""
    with (FOLDER / "aisles.csv").open(encoding="utf-8", newline="") as file:
        return {row["product_category"]: (row["kind"], row["aisle"]) for row in csv.DictReader(file)}


def find_name(
    category: str | None,
    kind: str | None,
    names: dict[tuple[str, str], tuple[str, str]],
    by_type: dict[str, tuple[str, str]],
    aisles: dict[str, tuple[str, str]],
) -> tuple[str, str] | None:
    """Name and aisle of a pair, or None for what is left out."""
    own = names.get((category or "", kind or ""))
    if own is not None:
        return own if own[0] else None
    general = aisles.get(category or "", ("", ""))
    if general[1] not in SENSITIVE_AISLES and kind in by_type:
        return by_type[kind]
    return general if general[0] else None


def name_types(products: pl.DataFrame) -> pl.DataFrame:
    """Each pair's name: product_category, product_type, type, aisle; pairs that are left out are absent."""
    names, aisles = read_names(), read_aisles()
    by_type: dict[str, tuple[str, str]] = {}
    for (_, kind), named in names.items():  # the most common first
        if kind not in VAGUE and named[0]:
            by_type.setdefault(kind, named)
    rows = []
    for category, kind in products.select("product_category", "product_type").unique(maintain_order=True).iter_rows():
        named_pair = find_name(category, kind, names, by_type, aisles)
        if named_pair is not None:
            rows.append((category, kind, *named_pair))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("product_category", "product_type", "type", "aisle"), pl.String), orient="row"
    )
