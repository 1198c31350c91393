"""`python -m data.demo [DIR]`: import the demo shop; with a directory only write its files there, to look at.

What is imported is written to a folder of the moment and removed: no file with a customer's rows stays.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from data.demo import write_demo_shop
from data.demo.source import DemoDataMissing
from data.importers.__main__ import main as import_files


def main(arguments: list[str] | None = None) -> int:
    """Write the files, say what they hold, import them, and give back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data.demo", description="Import the demo shop.")
    parser.add_argument(
        "directory", type=Path, nargs="?", metavar="DIR", help="write the files here and import nothing"
    )
    directory: Path | None = parser.parse_args(arguments).directory
    try:
        if directory is not None:
            _write(directory)
            return 0
        with tempfile.TemporaryDirectory(prefix="candor-demo-") as folder:
            _write(Path(folder))
            return import_files([folder, "--demo"])
    except DemoDataMissing as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"The demo shop cannot be written ({error.strerror}).", file=sys.stderr)
    return 1


def _write(directory: Path) -> None:
    for sentence in write_demo_shop(directory).describe():
        print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
