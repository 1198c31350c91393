"""From a catalogue's `category` to a product type: its id, its title, its aisle.

A category may be a path, "Dairy > Yogurt": the last part is the type's title, the first the aisle. Two spellings of one
path (upper and lower case, spaces) are one type. The id is made from the path alone and never from what else is in the
file, so that it stays the same in every later import: words joined by "-", levels by "--". A path that says more than
the id can hold (an accent, an ampersand, a comma) gets six digits of its hash at the end; so no two share one.
"""

import hashlib
import re
from dataclasses import dataclass

LONGEST_SLUG = 80
PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*(?: > [a-z0-9]+(?: [a-z0-9]+)*)*")


@dataclass(frozen=True)
class ProductType:
    """A product type as the catalogue names it. `path` is its identity: lower case, single spaces, " > "."""

    type_id: str
    title: str
    category: str
    path: str


def split_path(category: str) -> list[str]:
    """The parts of a category path, tidied; empty parts are dropped."""
    parts = (re.sub(r"\s+", " ", part).strip() for part in category.split(">"))
    return [part for part in parts if part]


def build_type(category: str) -> ProductType | None:
    """The product type of a category; None if nothing is left of it."""
    parts = split_path(category)
    if not parts:
        return None
    path = " > ".join(parts).casefold()
    return ProductType(build_slug(path), parts[-1], parts[0], path)


def build_product_type(product_id: str, title: str) -> ProductType:
    """The type of a product that has no category: the product itself."""
    return ProductType("product--" + build_slug(product_id), title, title, title.casefold())


def build_slug(path: str) -> str:
    """A readable id for a path, one for one."""
    words = "--".join("-".join(re.findall(r"[a-z0-9]+", level.casefold())) or "x" for level in path.split(" > "))
    if PLAIN.fullmatch(path) and len(words) <= LONGEST_SLUG:
        return words
    return f"{words[: LONGEST_SLUG - 7].rstrip('-')}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"
