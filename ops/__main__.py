"""`python3 -m ops COMMAND`: what the Makefile calls. This file must parse on any Python, to say which one is needed."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Candor's set-up needs Python 3.11 or newer; this is Python %d.%d. Name another one: make run PYTHON=python3.12"
        % sys.version_info[:2]
    )

from ops.commands import main

sys.exit(main(sys.argv[1:]))
