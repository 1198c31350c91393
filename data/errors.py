"""What can go wrong, by name. Each error carries a code for programs and a sentence for people.

`web/errors.py` turns them into the one JSON shape with the right status; nothing else needs to know HTTP.
"""

from typing import Any


class CandorError(Exception):
    """Base of all errors that a caller can act on. `details` goes to the client as it is."""

    code = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class BadShopFile(CandorError):
    code = "bad_shop_file"


class BadImport(CandorError):
    """An import that does not fit. Nothing was imported."""

    code = "bad_import"


class NotKnown(CandorError):
    """Unknown thing or wrong token: the same answer, so that nobody learns which."""

    code = "not_known"

    def __init__(self, message: str = "Unknown, or not yours. Check the address and sign in again.") -> None:
        super().__init__(message)


class BadInput(CandorError):
    code = "bad_input"


class Conflict(CandorError):
    code = "conflict"


class ClientIdReused(Conflict):
    code = "client_id_reused"


class AlreadyClaimed(Conflict):
    code = "already_claimed"


class AnotherCustomer(Conflict):
    code = "another_customer"


class ConsentRequired(CandorError):
    code = "consent_required"


class NotAllowed(CandorError):
    code = "not_allowed"
