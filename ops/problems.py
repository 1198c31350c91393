"""What can stop a set-up, as a sentence for the person who reads it. `main` prints it and exits with 1; nobody sees a trace."""


class Problem(Exception):
    """Says what is wrong, what was found, and what to do."""
