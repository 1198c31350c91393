"""Another site cannot make a browser of staff do anything: every changing route of the staff API, walked, and the live connection."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from tests.serving import make_settings, serve
from tests.staffing import Browser, add_staff

FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "cross-site"},
)
OWN: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "none"},
    {},
)
SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = make_settings(tmp_path_factory.mktemp("sites"), bot_port=1)
    add_staff(settings, ("olga", "owner"))
    with serve(settings) as client:
        yield client


def list_changing(app: Any) -> list[tuple[str, str]]:
    """Method and path of every route of the staff API that is not only for reading."""
    found: set[tuple[str, str]] = set()
    todo: list[Any] = list(app.routes)
    while todo:
        route = todo.pop()
        if isinstance(route, APIRoute):
            if route.path.startswith("/staff/"):
                found |= {(method, route.path) for method in (route.methods or set()) - SAFE}
        else:
            todo += getattr(getattr(route, "original_router", route), "routes", None) or []
    return sorted(found)


def test_no_changing_route_takes_a_call_from_another_site(client: TestClient) -> None:
    routes = list_changing(client.app)
    assert len(routes) > 20
    browser = Browser(client)
    assert browser.sign_in("olga").status_code == 200
    del browser.client.headers["Sec-Fetch-Site"]
    for method, path in routes:
        address = path.replace("{", "x-").replace("}", "")
        for headers in FOREIGN:
            for body in (dict[str, Any](), None):
                answer = browser.client.request(method, address, json=body, headers=headers)
                assert answer.status_code == 403, (method, path, headers, answer.text)
                assert "another site" in answer.json()["error"]["message"], (method, path, headers)
    assert browser.code() == 200  # neither signed out, nor anything else
    for headers in OWN:
        said = browser.client.request("PUT", "/staff/api/accounts/x/role", json={}, headers=headers)
        assert said.status_code == 422, headers


def test_reading_routes_change_nothing(client: TestClient) -> None:
    """A GET of the staff API is let through from anywhere, so the cookie must not come along: it is SameSite=Strict."""
    signed = Browser(client).sign_in("olga")
    assert all("samesite=strict" in cookie.lower() for cookie in signed.headers.get_list("set-cookie"))


def test_the_live_connection_is_not_opened_from_another_site(client: TestClient) -> None:
    browser = Browser(client)
    browser.sign_in("olga")
    cookie = {"Cookie": f"candor_staff={browser.client.cookies['candor_staff']}"}
    for headers in FOREIGN:
        with client.websocket_connect("/staff/api/live", headers=cookie | headers) as socket:
            assert socket.receive_json()["error"]["code"] == "not_allowed", headers
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}  # where the test client's socket goes
    with client.websocket_connect("/staff/api/live", headers=cookie | own) as socket:
        assert socket.receive_json()["type"] == "queue"
