"""`python -m data.demo DIR`: write the demo shop's files."""

import argparse
import sys
from pathlib import Path

from data.demo import write_demo_shop
from data.demo.source import DemoDataMissing


def main(arguments: list[str] | None = None) -> int:
    """Write the files, say what they hold, and give back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m data.demo", description="Write the demo shop's files.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="where products.csv, orders.csv and the others go")
    directory: Path = parser.parse_args(arguments).directory
    try:
        counts = write_demo_shop(directory)
    except DemoDataMissing as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The demo shop cannot be written ({error.strerror}).", file=sys.stderr)
        return 1
    for sentence in counts.describe():
        print(sentence)
    return 0


if __name__ == "__main__":
    sys.exit(main())
