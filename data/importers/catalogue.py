"""products.csv: the catalogue, its product types and which of them are sensitive goods.

A product belongs to a sensitive group if its row says so (`sensitive`: a group's name, or yes), or else by the words of
its category; a row that says no belongs to none. A product type is sensitive as soon as one of its products is: what
is ranked is the type, and one bottle of wine among the drinks is enough to say something about who bought it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Connection

from data import tables
from data.honesty import IN_TITLES, find_pressure
from data.importers.categories import ProductType, build_product_type, build_type
from data.importers.checks import (
    LONGEST_TITLE,
    NO,
    YES,
    Check,
    check_ids,
    check_short,
    check_titles,
    read_integers,
    read_prices,
    tidy_text,
)
from data.importers.files import Table, read_table
from data.importers.known import Known
from data.importers.problems import Problem, show_value
from data.importers.sensitive import build_finder, build_pattern, fold_words
from data.importers.writing import upsert_rows
from data.shop import Shop

OPTIONAL = ("category", "price", "brand", "stock", "sensitive", "image", "contents")
LONGEST_LABEL = 2000


@dataclass(frozen=True)
class Catalogue:
    """The products and product types of a file, ready to be written."""

    products: pl.DataFrame  # product_id, type_id, title, price_minor, brand, stock, sensitive, image, contents
    types: pl.DataFrame  # type_id, title, category, sensitive
    columns: frozenset[str]  # which optional columns the file has; only these update a known product
    notices: list[str]


def read_catalogue(check: Check, path: Path, shop: Shop, known: Known) -> Catalogue:
    """Read and check products.csv."""
    table = read_table(path, ("product_id", "title"), OPTIONAL)
    notices = list(table.notices)
    if not table.frame.height and not known.products.height:
        check.note_lines(table, None, [(1, None, "at least one product below the first line")])
    check_ids(check, table, "product_id", "product_id", unique=True)
    table = check_titles(check, table, "title", "product's name")
    columns = frozenset(column for column in OPTIONAL if table.has(column))
    absent = [pl.lit(None, pl.String).alias(column) for column in OPTIONAL if column not in columns]
    table = Table(table.name, table.frame.with_columns(*absent), [])
    check_short(check, table, "category", LONGEST_TITLE)
    check_short(check, table, "brand", LONGEST_TITLE)
    table = Table(table.name, table.frame.with_columns(tidy_text("contents")), [])
    check_short(check, table, "contents", LONGEST_LABEL)
    check_images(check, table, shop)
    price = read_prices(check, table, "price", shop.currency, required=False)
    stock = read_integers(check, table, "stock", "a whole number of pieces in stock, or nothing", required=False)
    frame = table.frame.with_columns(price.alias("price_minor"), stock.alias("stock_count"))
    table = Table(table.name, frame, [])
    check.note(table, "stock", pl.col("stock_count") < 0, "a number of pieces that is not below 0")
    stay = "category" not in columns
    table = Table(table.name, _add_types(check, table, shop, known, notices, stay=stay), [])
    frame = _add_sensitive(check, table, shop, known, notices, stay="sensitive" not in columns)
    check_honesty(check, table, "title", "stock_count")
    check_honesty(check, table, "category", None)
    check_honesty(check, table, "contents", None)
    return _build_catalogue(frame, shop, known, columns, notices)


def _add_types(check: Check, table: Table, shop: Shop, known: Known, notices: list[str], *, stay: bool) -> pl.DataFrame:
    """Add type_id, type_title, aisle and by_words (the sensitive group by the words of the path) to each row.

    With `stay`, the file has no categories at all and a known product keeps its type.
    """
    find_group = build_finder(shop.sensitive.values())
    frame = table.frame
    categories = frame["category"].drop_nulls().unique(maintain_order=True).to_list()
    found: dict[str, ProductType | None] = {category: build_type(category) for category in categories}
    nothing = [category for category, kind in found.items() if kind is None]
    check.note(
        table,
        "category",
        pl.col("category").is_in(nothing),
        "a category such as Yogurt, or a path such as Dairy > Yogurt",
    )
    first: dict[str, ProductType] = {}
    rows: list[tuple[str, ...] | tuple[str | None, ...]] = []
    for category, kind in found.items():
        if kind:
            kind = first.setdefault(kind.type_id, kind)
            rows.append((category, kind.type_id, kind.title, kind.category, find_group(category)))
    frame = frame.join(_build_frame("category", rows), on="category", how="left", maintain_order="left")
    bare = (
        frame.filter(pl.col("category").is_null())
        .drop_nulls(["product_id", "title"])
        .unique("product_id", keep="first")
    )
    if not bare.height:
        return frame
    if categories:
        notices.append(f"{table.name}: {bare.height:,} products have no category; each is a product type of its own.")
    kept = dict(known.products.select("product_id", "type_id").iter_rows()) if stay else {}
    named = {type_id: (title, aisle) for type_id, title, aisle in known.types.iter_rows()}
    rows = []
    for product_id, title in bare.select("product_id", "title").iter_rows():
        type_id = kept.get(product_id) or build_product_type(product_id, title).type_id
        type_title, aisle = named.get(type_id, (title, title)) if product_id in kept else (title, title)
        rows.append((product_id, type_id, type_title, aisle, find_group(f"{aisle} > {type_title}")))
    own = _build_frame("product_id", rows)
    frame = frame.join(own, on="product_id", how="left", maintain_order="left", suffix="_own")
    return frame.with_columns(pl.coalesce(column, f"{column}_own").alias(column) for column in own.columns[1:])


def _build_frame(key: str, rows: list[tuple[str, ...] | tuple[str | None, ...]]) -> pl.DataFrame:
    columns = (key, "type_id", "type_title", "aisle", "by_words")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def _add_sensitive(
    check: Check, table: Table, shop: Shop, known: Known, notices: list[str], *, stay: bool
) -> pl.DataFrame:
    names = list(shop.sensitive)
    said = pl.col("sensitive").str.to_lowercase()
    allowed = (
        f"one of {', '.join(names)}, or yes, no or nothing"
        if names
        else "no or nothing; shop.toml names no group of sensitive goods"
    )
    check.note(table, "sensitive", said.is_not_null() & ~said.is_in([*names, *YES, *NO]), allowed)
    check.note(
        table,
        "sensitive",
        said.is_in(list(YES)) & pl.col("by_words").is_null(),
        f"the group itself ({', '.join(names)}), for no word of shop.toml stands in the category",
    )
    resolved = (
        pl.when(said.is_in(names))
        .then(said)
        .when(said.is_in(list(NO)))
        .then(pl.lit(None, pl.String))
        .otherwise(pl.col("by_words"))
    )
    frame = table.frame.with_columns(resolved.alias("group"))
    if stay:  # the file says nothing of it: what an earlier file said stands
        before = known.products.select("product_id", pl.col("sensitive").alias("_before"))
        frame = frame.join(before, on="product_id", how="left", maintain_order="left")
        frame = frame.with_columns(pl.coalesce("group", "_before").alias("group"))
    _note_titles(frame.filter(pl.col("group").is_null() & said.is_null()), table.name, shop, notices)
    return frame


def _note_titles(frame: pl.DataFrame, name: str, shop: Shop, notices: list[str]) -> None:
    """Say which products only their own name makes look sensitive: the owner decides."""
    find_group = build_finder(shop.sensitive.values())
    pattern = build_pattern(word for group in shop.sensitive.values() for word in group.words)
    if pattern is None or not frame.height:
        return
    quick = pattern.replace("(?= )", " ")  # polars has no look-ahead
    folded = frame.select(
        "product_id", "title", pl.col("title").str.to_lowercase().str.replace_all(r"[^\pL\pN>]+", " ").alias("words")
    )
    maybe = folded.filter(pl.format(" {} ", "words").str.contains(quick))
    found = [
        (product_id, title, group)
        for product_id, title, _ in maybe.iter_rows()
        if (group := find_group(fold_words(title)))
    ]
    if found:
        product_id, title, group = found[0]
        notices.append(
            f"{name}: {len(found):,} products sound sensitive by their name but not by their category, "
            f"first {product_id} "
            f"({show_value(title)}, {group}). If they are, write the group in the column sensitive; if not, write no."
        )


def check_images(check: Check, table: Table, shop: Shop) -> None:
    """A picture's address: a path on the page's own origin, or an address at an origin that the owner has named."""
    image = pl.col("image")
    own = image.str.contains(r"^/[^/\s\"'<>\\][^\s\"'<>\\]*$")
    named = pl.lit(False)
    for origin in shop.picture_origins:
        rest = image.str.strip_prefix(origin)
        named = named | (image.str.starts_with(f"{origin}/") & ~rest.str.contains(r"[\s\"'<>\\]"))
    known = ", ".join(shop.picture_origins) or "none is named yet"
    check.note(
        table,
        "image",
        ~(own | named) | (image.str.len_chars() > LONGEST_LABEL),
        f"a path such as /pictures/kettle.jpg, or an address at one of shop.picture_origins in shop.toml ({known})",
    )


def check_honesty(check: Check, table: Table, column: str, stock: str | None) -> None:
    """Note each text that presses the customer (P8)."""
    columns = [column, *([stock] if stock else [])]
    for row in table.frame.select(columns).drop_nulls(column).unique(maintain_order=True).iter_rows():
        pressure = find_pressure(row[0], row[1] if stock else None, kinds=IN_TITLES)
        if pressure:
            same = pl.col(column) == row[0]
            if stock:
                same &= pl.col(stock).eq_missing(pl.lit(row[1], pl.Int64))
            lines = table.frame.filter(same)["line"].to_list()
            check.count += len(lines)
            got = f"{show_value(row[0])} presses the customer ({show_value(pressure.words)}: {pressure.kind})"
            check.problems += [
                Problem(table.name, line, column, got, f"plain words: {pressure.better}") for line in lines[:20]
            ]


def _build_catalogue(
    frame: pl.DataFrame, shop: Shop, known: Known, columns: frozenset[str], notices: list[str]
) -> Catalogue:
    products = frame.select(
        "product_id",
        "type_id",
        "title",
        "price_minor",
        "brand",
        pl.col("stock_count").alias("stock"),
        pl.col("group").alias("sensitive"),
        "image",
        "contents",
    )
    others = known.products.join(products, on="product_id", how="anti").select("type_id", "sensitive")
    rank = {name: index for index, name in enumerate(shop.sensitive)}
    groups: dict[str, str] = {}
    for type_id, group in (
        pl.concat([others, products.select("type_id", "sensitive")]).drop_nulls().unique().iter_rows()
    ):
        best = groups.get(type_id)
        if best is None or rank.get(group, len(rank)) < rank.get(best, len(rank)):
            groups[type_id] = group
    types = (
        frame.drop_nulls("type_id")
        .unique("type_id", keep="first", maintain_order=True)
        .select("type_id", pl.col("type_title").alias("title"), pl.col("aisle").alias("category"))
    )
    sensitive = pl.Series("sensitive", [groups.get(type_id) for type_id in types["type_id"]], dtype=pl.String)
    return Catalogue(products, types.with_columns(sensitive), columns, notices)


def write_catalogue(connection: Connection, catalogue: Catalogue, stamp: str) -> None:
    """Write the product types, then the products; known ones are updated in the columns that the file has."""
    upsert_rows(
        connection,
        tables.types,
        ("type_id", "title", "category", "sensitive", "added_at"),
        ((*row, stamp) for row in catalogue.types.iter_rows()),
        key=("type_id",),
        update=("title", "category", "sensitive"),
    )
    stored = {"category": "type_id", "price": "price_minor"} | {
        column: column for column in ("brand", "stock", "image", "contents")
    }
    changed = [stored[column] for column in catalogue.columns if column in stored]
    if "contents" in catalogue.columns:
        changed.append("contents_at")
    upsert_rows(
        connection,
        tables.products,
        (*catalogue.products.columns, "added_at", "contents_at"),
        ((*row, stamp, stamp if row[-1] else None) for row in catalogue.products.iter_rows()),
        key=("product_id",),
        update=("title", "sensitive", *changed),
    )


def list_types(catalogue: Catalogue, known: Known) -> Iterable[tuple[str, str]]:
    """Every product type, of the file and of before, as id and title."""
    merged = dict(known.types.select("type_id", "title").iter_rows())
    merged.update(catalogue.types.select("type_id", "title").iter_rows())
    return merged.items()
