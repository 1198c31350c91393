"""A shop's own files, read into the database: all of them or nothing (design.md §3, Operating; docs/import.md).

`import_shop` is the way in. `files` knows structure, `checks` values, one module a file what its rows mean; `writing`
knows how rows get into a database quickly.
"""

from data.importers.importing import ImportSummary, import_shop

__all__ = ["ImportSummary", "import_shop"]
