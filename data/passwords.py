"""Passwords of staff: hashed with Argon2id, and which new ones are taken.

At least 12 characters, any characters, nothing else to obey (NIST SP 800-63B, 3.1.1). Refused is what guessers try first. That is
estimated by zxcvbn (Wheeler 2016: lists of leaked passwords, names and words, keyboard rows, repeats, with the account's and the
shop's own names added) and not looked up in a list: few of the commonest passwords have 12 characters, and "password1234" is on none.
"""

import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from zxcvbn import zxcvbn

from data.errors import BadInput

SHORTEST, LONGEST = 12, 1000
FEWEST_GUESSES = 10**8
MOST_ESTIMATED = 64  # characters; more make no password easier, and the estimate slow
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
TEMPORARY_GROUPS, GROUP = 4, 4
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's parameters for Argon2id
_nobody = _hasher.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Whether a password is the one of a hash. Without a hash (nobody has that name): no, after the same work."""
    try:
        _hasher.verify(stored or _nobody, password)
    except VerificationError:
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check_new_password(password: str, *, names: tuple[str, ...]) -> None:
    """Refuse a password that is short or soon guessed. `names` are the words that a guesser knows of the account."""
    if len(password) < SHORTEST:
        raise BadInput(
            f"That has {len(password)} characters; at least {SHORTEST} are needed. Four words that do not belong together are easy to remember.",
            problem="password_short",
            fewest=SHORTEST,
        )
    if len(password) > LONGEST:
        raise BadInput(f"That is longer than {LONGEST} characters. Take a shorter one.", problem="password_long")
    known = {word for name in names for word in (name, name.replace(" ", ""), *re.split(r"\W+", name)) if len(word) > 2}
    if zxcvbn(password[:MOST_ESTIMATED], user_inputs=sorted(known))["guesses"] < FEWEST_GUESSES:
        raise BadInput(
            "That password is one of those that are tried first. Take another: four words that do not belong together, for example.",
            problem="password_common",
        )


def make_temporary_password() -> str:
    """One to be told to a person and changed at once: 79 bits, in four groups."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(TEMPORARY_GROUPS))
    return "-".join(groups)
