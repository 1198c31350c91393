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


class BadNotice(CandorError):
    """A notice that cannot be used, or that was changed after it was published."""

    code = "bad_notice"


class BadKey(CandorError):
    """The master key's file cannot be used."""

    code = "bad_key"


class BadLog(CandorError):
    """The audit log is not as it was written, so that it cannot be gone on with."""

    code = "bad_log"


class Erased(CandorError):
    """Sealed for somebody whose key is gone."""

    code = "erased"


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


class SecondFactorNeeded(NotKnown):
    """The password is right, and a code is asked for."""

    code = "second_factor_needed"


class SecondFactorWrong(NotKnown):
    """The password is right, the code is not, or was used."""

    code = "second_factor_wrong"


class PasswordWrong(NotAllowed):
    """Signed in, and the password that was asked for again is not the right one."""

    code = "password_wrong"


class SetUpNeeded(NotAllowed):
    """Signed in, but a temporary password is to be changed or a second factor to be set up first; `details.owes` says which."""

    code = "set_up_needed"
