"""One error shape for everything: `{"error": {"code", "message", "details"}}` with the right status."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from data.errors import (
    AlreadyClaimed,
    AnotherCustomer,
    BadInput,
    CandorError,
    ClientIdReused,
    Conflict,
    ConsentRequired,
    Erased,
    NotAllowed,
    NotKnown,
    PasswordWrong,
    SecondFactorNeeded,
    SecondFactorWrong,
    SetUpNeeded,
)

STATUS: dict[type[CandorError], int] = {
    NotKnown: 401,
    Erased: 410,
    BadInput: 422,
    Conflict: 409,
    ClientIdReused: 409,
    AlreadyClaimed: 409,
    AnotherCustomer: 409,
    ConsentRequired: 403,
    NotAllowed: 403,
    SecondFactorNeeded: 401,
    SecondFactorWrong: 401,
    PasswordWrong: 403,
    SetUpNeeded: 403,
}


class TooMany(CandorError):
    """Over a limit of shop.toml."""

    code = "too_many"


def describe_error(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body of every error."""
    return {"error": {"code": code, "message": message, "details": details or {}}}


def find_status(error: CandorError) -> int:
    """The HTTP status of an error."""
    return 429 if isinstance(error, TooMany) else STATUS.get(type(error), 400)


def install_errors(app: FastAPI) -> None:
    """Answer every failure in the one shape. An unexpected one is logged by the server and says only that it happened."""

    @app.exception_handler(CandorError)
    async def _answer(_request: Request, error: CandorError) -> JSONResponse:
        headers = {"Retry-After": str(error.details.get("retry_after_s", 1))} if isinstance(error, TooMany) else None
        return JSONResponse(describe_error(error.code, error.message, error.details), find_status(error), headers)

    @app.exception_handler(UnicodeError)
    @app.exception_handler(DataError)
    async def _answer_unwritable(_request: Request, _error: Exception) -> JSONResponse:
        message = "A text holds what cannot be kept: half a character, or a character that no database takes. Mend it."
        return JSONResponse(describe_error("bad_input", message), 422)

    @app.exception_handler(RequestValidationError)
    async def _answer_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            {"where": ".".join(str(part) for part in problem["loc"]), "what": problem["msg"]}
            for problem in error.errors()
        ]
        first = problems[0] if problems else {"where": "body", "what": "cannot be read"}
        message = f"{first['where']}: {first['what']}. Mend the request; the contract is in docs/contract.md."
        return JSONResponse(describe_error("bad_input", message, {"problems": problems}), 422)

    @app.exception_handler(HTTPException)
    async def _answer_http(_request: Request, error: HTTPException) -> JSONResponse:
        names = {404: "not_found", 405: "method_not_allowed"}
        messages = {
            404: "There is nothing at this address. Look it up in docs/contract.md.",
            405: "This address does not take that method. Look it up in docs/contract.md.",
        }
        code = names.get(error.status_code, "http_error")
        return JSONResponse(
            describe_error(code, messages.get(error.status_code, str(error.detail))),
            error.status_code,
            dict(error.headers or {}),
        )

    @app.exception_handler(Exception)
    async def _answer_unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return JSONResponse(
            describe_error("internal", "Something failed here, not with you. Nothing was lost; try again in a moment."),
            500,
        )
