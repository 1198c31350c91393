"""How a price is written in a file and kept here: decimal text in, whole minor units out, exactly.

No float is ever made: "0.1 + 0.2" has no place in what a customer paid. The number of decimals follows ISO 4217; a
currency that is not listed has two.
"""

from decimal import Decimal

import polars as pl

DECIMALS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def find_decimals(currency: str) -> int:
    """The number of decimals of a currency (ISO 4217); 2 unless listed."""
    return DECIMALS.get(currency.upper(), 2)


def write_price(minor: int, currency: str) -> str:
    """Minor units as a file has them: `1250` cents are `12.50`."""
    return f"{Decimal(minor).scaleb(-find_decimals(currency)):f}"


def describe_price(currency: str) -> str:
    """What a price in this currency looks like, for an error."""
    decimals = find_decimals(currency)
    example = "1249" if decimals == 0 else "1249." + "905"[:decimals]
    return f"a price in {currency} such as {example}, with a point, without a sign or a currency symbol"


def build_minor_units(text: pl.Expr, currency: str) -> pl.Expr:
    """Whole minor units of a decimal text, as Int64; null where the text is no price in this currency.

    At most 9 digits stand before the point (a price, not a phone number). More decimals than the currency has are
    accepted only if they are zeros.
    """
    decimals = find_decimals(currency)
    fits = text.str.contains(rf"^[0-9]{{1,9}}(\.[0-9]{{0,{decimals}}}0*)?$") & ~text.str.ends_with(".")
    whole = text.str.extract(r"^([0-9]+)", 1)
    fraction = text.str.extract(r"\.([0-9]*)$", 1).fill_null("").str.pad_end(decimals, "0").str.slice(0, decimals)
    return pl.when(fits).then((whole + fraction).cast(pl.Int64, strict=False))
