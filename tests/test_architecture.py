"""The house stays as it was drawn (design.md, The house): who may import whom, who may write what, and what importing may not do.

Read with `ast` from the tracked files, so that nothing has to run for it; only "importing has no effect" starts Python.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ("settings", "data", "models", "web", "actions", "ops", "bot")
MOST_LINES = 400

# Folder of ours: what it may import of ours. `bot` stands for bot/language, `prepare` for bot/prepare.py.
MAY_IMPORT = {
    "settings": set[str](),
    "data": {"data"},
    "models": {"data", "models"},
    "actions": {"actions", "data", "models", "bot.language", "bot.prepare"},
    "web": {"web", "data", "models", "bot.language"},
    "ops": {"ops"},
    "bot": {"bot.language"},
}
# Programs: they read the settings and give them to the rest.
ENTRY_POINTS = {
    "actions/__main__.py",
    "actions/desk.py",
    "actions/prepare.py",
    "data/importers/__main__.py",
    "data/retention.py",
    "data/verify_audit.py",
    "models/__main__.py",
    "models/audit.py",
    "models/standing.py",
    "models/weights.py",
    "web/__main__.py",
    "web/owner.py",
}
# `settings` as a name of a type is everybody's who is given one.
GIVEN_SETTINGS = {"web/app.py", "web/house.py"}
ONLY_IN = {
    "rasa": ("bot/components/",),
    "rasa_sdk": ("actions/",),
    "sanic": ("actions/", "bot/components/forget.py", "bot/components/reading.py"),
    "lightgbm": ("models/",),
    "shap": ("models/",),
    "matplotlib": ("models/",),
    "fairlearn": ("models/",),
    "fastapi": ("web/",),
    "starlette": ("web/",),
    "uvicorn": ("web/",),
}
# No part of what runs.
MAY_MEASURE = {"rasa": ("bot/measure.py", "bot/measure_questions.py", "bot/bench_pipeline.py", "bot/bench_spacy.py")}
# Functions that write messages, states, tokens and handoffs: defined in `data`, called by `web` alone.
WRITERS = {
    "data/conversations.py": {
        *("open_conversation", "append_messages", "change_conversation", "change_state"),
        *("issue_token", "extend_token"),
    },
    "data/handoffs.py": {
        *("request_handoff", "claim_handoff", "return_to_queue", "pass_to", "end_handoff"),
        *("change_phase", "note_told", "note_customer", "note_answered", "note_topic", "note_wrap_up", "note_rating"),
    },
    "data/presence.py": {"set_presence", "note_given"},
    "data/marks.py": {"note_delivered", "note_seen_mark", "note_staff_mark"},
}
NAMED_AS_THEIR_TABLE = (
    *("corrections", "handoffs", "impressions", "mail_links", "marks", "outbox", "preferences", "requests", "reviews"),
    *("staff", "staff_keys", "staff_sessions", "standings", "uses"),
)
OWN_TABLES = {
    **{table: f"data/{table}.py" for table in NAMED_AS_THEIR_TABLE},
    **dict.fromkeys(("conversations", "messages", "disclosures"), "data/conversations.py"),
    "conversation_tokens": "data/access.py",
    **dict.fromkeys(("consent_events", "consent_refusals"), "data/consent.py"),
    **dict.fromkeys(("audit", "audit_head"), "data/audit.py"),
    "page_events": "data/events.py",
    **dict.fromkeys(("second_factors", "recovery_codes"), "data/second_factor.py"),
    "sign_in_tries": "data/sign_in_pace.py",
    "presences": "data/presence.py",
}
# Who may catch everything, and why nothing is hidden by it.
MAY_CATCH_ALL = {
    "data/writer.py": "gives it to whoever waits for that piece of work",
    "actions/talk.py": "logs the failure, apologises to the customer and offers a person",
    "web/background.py": "logs the failure; the work is done again at its time, and holds up nothing else",
    "web/turns.py": "logs the failure; the customer is told, or it is tried again at the next look",
}


@cache
def list_tracked() -> tuple[str, ...]:
    """Every file of the repository, also those that are not committed yet."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(sorted(name for name in set(listed) if (ROOT / name).is_file()))


def list_modules(*folders: str) -> list[str]:
    """Our Python files in some folders (or in all), tests left out."""
    return [
        name
        for name in list_tracked()
        if name.endswith(".py")
        and Path(name).parts[0].removesuffix(".py") in (folders or HOUSE)
        and not name.startswith("bot/tests/")
    ]


@cache
def parse(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


def list_imports(name: str) -> set[str]:
    """The full names that a module imports: `from data import tables` is `data.tables`, `from data.tables import x` both."""
    found: set[str] = set()
    for node in ast.walk(parse(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(Path(name).parts[: -node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module or "") if part)
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def list_calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a module with the last part of what is called."""
    for node in ast.walk(parse(name)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, node


def find_folder(name: str) -> str:
    return Path(name).parts[0].removesuffix(".py")


@pytest.mark.parametrize("name", list_modules())
def test_a_folder_imports_only_what_it_may(name: str) -> None:
    folder = find_folder(name)
    for imported in list_imports(name):
        top = imported.split(".")[0]
        if top not in HOUSE:
            continue
        if top == "settings":
            assert name in ENTRY_POINTS | GIVEN_SETTINGS, f"{name} reads the settings; only entry points do"
            continue
        allowed = any(imported == may or imported.startswith(f"{may}.") for may in MAY_IMPORT[folder])
        is_package_of_allowed = any(may.startswith(f"{imported}.") for may in MAY_IMPORT[folder])
        assert allowed or is_package_of_allowed, f"{name} imports {imported}; {folder} may not"


@pytest.mark.parametrize("name", list_modules("bot"))
def test_the_bot_imports_only_its_own_language(name: str) -> None:
    """In bot/ the working directory is bot/ itself, so `language` is bot/language and `components` is bot/components."""
    tops = {imported.split(".")[0] for imported in list_imports(name)}
    assert not tops & {"data", "models", "web", "actions", "ops", "settings", "sqlalchemy", "fastapi"}
    if name.startswith("bot/language/"):
        assert not tops & {"rasa", "components"}


@pytest.mark.parametrize(("package", "homes"), ONLY_IN.items())
def test_a_heavy_package_has_one_home(package: str, homes: tuple[str, ...]) -> None:
    for name in list_modules():
        if package in {imported.split(".")[0] for imported in list_imports(name)}:
            assert name.startswith(homes) or name in MAY_MEASURE.get(package, ()), f"{name} imports {package}"


@pytest.mark.parametrize("name", list_modules("ops"))
def test_ops_needs_nothing_but_the_standard_library(name: str) -> None:
    for imported in list_imports(name):
        top = imported.split(".")[0]
        assert top == "ops" or top in sys.stdlib_module_names, f"{name} imports {imported} before anything is installed"


def test_only_the_gateway_writes_messages_states_and_handoffs() -> None:
    writers = {function: home for home, functions in WRITERS.items() for function in functions}
    called: set[str] = set()
    for name in list_modules():
        for function, call in list_calls(name):
            if function not in writers:
                continue
            called.add(function)
            own = name in WRITERS and name.startswith("data/")
            assert name.startswith("web/") or own, f"{name}:{call.lineno} calls {function}"
    assert called == set(writers), "a writer that nobody calls is no writer: mend the list above"


def test_a_table_is_written_by_one_module() -> None:
    for name in list_modules():
        for function, call in list_calls(name):
            if function in ("insert", "update", "delete") and call.args and isinstance(call.args[0], ast.Name):
                home = OWN_TABLES.get(call.args[0].id)
                assert home in (None, name) or name.startswith(("data/importers/", "data/migrations/")), (
                    f"{name}:{call.lineno} writes the table {call.args[0].id}; {home} does"
                )


def test_importers_write_no_conversation() -> None:
    for name in list_modules("data"):
        if name.startswith("data/importers/"):
            found = {imported.rpartition(".")[2] for imported in list_imports(name)}
            assert not found & {"conversations", "messages", "handoffs", "disclosures", "impressions"}, name


def test_a_ranking_gets_personal_rows_by_one_door() -> None:
    """`models` knows no table; what it reads of a person comes through data/ranking_rows.py, behind the consent gate."""
    for name in list_modules("models"):
        assert not {i for i in list_imports(name) if i == "data.tables" or i.startswith("data.tables.")}, name
        assert not {i for i in list_imports(name) if i in ("data.orders", "data.held", "data.events")}, name
        read = {imported for imported in list_imports(name) if imported.startswith("sqlalchemy.")}
        assert read <= {"sqlalchemy.Connection"}, f"{name} writes queries of its own: {sorted(read)}"


def test_a_ranking_says_how_far_back_purchases_count() -> None:
    """What was promised in the consent's question (`retention.purchases_for_offers`) holds wherever purchases are read."""
    reading = ("fetch_own_rows", "fetch_training_rows")
    calls = [(name, call) for name in list_modules("models") for of, call in list_calls(name) if of in reading]
    assert len(calls) > 5
    for name, call in calls:
        bounded = any(keyword.arg == "purchase_days" for keyword in call.keywords)
        assert bounded or name == "models/boundary.py", name  # which keeps only rows that an explanation named


def test_the_audit_groups_are_read_by_nobody_who_chooses() -> None:
    for name in list_modules():
        if "audit_groups" in (ROOT / name).read_text(encoding="utf-8"):
            readers = (
                "data/tables.py",
                "data/classes.py",
                "data/held.py",
                "data/fairness_rows.py",
                "data/retention_rules.py",
            )
            assert name in readers or name.startswith(("data/importers/", "data/demo/")), name


def test_only_the_audit_reads_the_groups_and_nothing_that_chooses_reads_the_audit() -> None:
    """From the audit's door nothing leads back to features, training, ranker or recommender: no group can enter a ranking (P10)."""
    auditing = {f"models.{name}" for name in ("audit", "audit_report", "card", "fairness", "gate", "observing")}
    readers = set()
    for name in list_modules():
        imported = list_imports(name)
        module = name.removesuffix(".py").replace("/", ".")
        if "data.fairness_rows" in imported:
            readers.add(module)
        if module not in auditing | {"models.__main__"}:
            assert not imported & auditing, f"{name} reads the audit"
    assert readers == {"models.audit", "models.observing"}


def test_settings_are_read_by_entry_points_only() -> None:
    for name in list_modules():
        for function, call in list_calls(name):
            if function == "read_settings":
                assert name in ENTRY_POINTS | {"settings.py"}, f"{name}:{call.lineno}"
        if find_folder(name) not in ("ops", "settings"):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert "os.environ" not in text, f"{name} looks at the environment"
            assert "getenv" not in text, f"{name} looks at the environment"


def test_whoever_catches_everything_says_why() -> None:
    for name in list_modules():
        for node in ast.walk(parse(name)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type is not None else "everything"
            if caught in ("Exception", "everything"):
                assert name in MAY_CATCH_ALL, f"{name}:{node.lineno} catches {caught}"
                told = {function for statement in node.body for function in _list_called(statement)}
                assert told & {"exception", "error", "set_exception", "note_failed"}, (
                    f"{name}:{node.lineno} hides a failure: log it"
                )
            if caught == "BaseException":
                assert isinstance(node.body[-1], ast.Raise), f"{name}:{node.lineno} swallows an interrupt"
            only = node.body[0]
            is_silent = len(node.body) == 1 and isinstance(only, ast.Pass)
            assert not is_silent, f"{name}:{node.lineno} passes over {caught} in silence"


def _list_called(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


@pytest.mark.parametrize("name", [*list_modules(), *(n for n in list_tracked() if re.match(r"tests/.*\.py", n))])
def test_a_module_is_not_too_long(name: str) -> None:
    lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{name} has {lines} lines; split it by noun"


@pytest.mark.parametrize("name", list_modules())
def test_a_module_says_what_lives_here(name: str) -> None:
    assert ast.get_docstring(parse(name)), f"{name} has no docstring"


def test_no_module_is_named_for_nothing() -> None:
    assert not [n for n in list_tracked() if Path(n).stem in ("utils", "util", "helpers", "misc", "common")]
    assert "tests/data/__init__.py" not in list_tracked()


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    """Addresses of packages come from the tools' own settings; a path or a host of one machine is nobody else's."""
    machine = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"]
    registry = ["pypi" + ".org", "files.python" + "hosted.org", "registry.np" + "mjs", "artif" + "actory"]
    words = [*machine, *registry, "--index" + "-url http", "--find" + "-links http", "extra-" + "index-url"]
    for name in list_tracked():
        if Path(name).suffix in (".png", ".gz", ".ico", ".woff2"):
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        found = [word for word in words if word in text]
        assert not found, f"{name} holds {found}"


def test_nothing_is_left_half_done() -> None:
    marks = re.compile(
        r"\b(?:TO"
        + r"DO|FIX"
        + r"ME|XX"
        + r"X)\b|raise Not"
        + r"ImplementedError|pytest\.mark\.sk"
        + r"ip|@unittest\.sk"
        + "ip"
    )
    for name in list_tracked():
        if name.endswith((".py", ".js", ".html", ".css")):
            assert not marks.search((ROOT / name).read_text(encoding="utf-8")), name


IMPORT_ALL = """
import importlib, json, os, sys, threading
sys.path.insert(0, sys.argv[1])
opened = []
def watch(event, args):
    if event == "socket.bind" or event == "socket.connect" or event == "subprocess.Popen" or event == "os.mkdir" or event == "sqlite3.connect":
        opened.append((event, str(args[:2])))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        opened.append((event, str(args[0])))
for name in json.loads(sys.argv[2]):
    if name == json.loads(sys.argv[2])[0]:
        sys.addaudithook(watch)
    before = set(threading.enumerate())
    importlib.import_module(name)
    started = {t.name for t in threading.enumerate()} - {t.name for t in before}
    opened += [("thread", one) for one in started]
print(json.dumps({"opened": opened, "files": os.listdir(".")}))
"""


@pytest.mark.parametrize("folder", ["settings", "data", "models", "web", "actions", "ops"])
def test_importing_a_module_has_no_effect(folder: str, tmp_path: Path) -> None:
    """No file, folder, thread, process, database or socket: each module of a folder, in a process of its own, in an empty folder."""
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in list_modules(folder)
        if name != "ops/__main__.py" and not name.startswith("data/migrations/")
    ]
    cache, empty = tmp_path / "cache", tmp_path / "empty"  # numba's own, as __pycache__ is Python's
    empty.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(empty),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NUMBA_CACHE_DIR": str(cache),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORT_ALL, str(ROOT), json.dumps(modules)],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    ours = [one for one in seen["opened"] if "/dev/" not in one[1] and str(cache) not in one[1]]
    assert ours == []
    assert seen["files"] == []
