"""The commands: run, serve, setup, import, train. Each says what it does and ends with 0 or a clear sentence and 1."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ops.board import Board
from ops.environments import install_uv, make_environment
from ops.places import BOT, ENCODER, ENVIRONMENTS, MAIN, ROOT, TOOLS, VAR, find_binary
from ops.problems import Problem
from ops.steps import Step, run_steps
from ops.supervise import Supervisor, check_ports, stopping_on_signals, write_config

ENVIRONMENTS_GB, VAR_GB = 7, 1
OWNER_ONLY = 0o077
# Several processes share few cores: number-crunching threads that wait for each other cost all of them.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
USAGE = """usage: python3 -m ops COMMAND

  run            set up the demo shop and serve it
  serve          serve your own shop (make import and make train come first)
  setup          make the environments
  demo           set up the demo shop without serving it
  import DIR     import a shop's files
  train          train the rankers and the bot
  models         which version of the rankers serves, what it falls short of, what was refused
"""


def main(words: list[str]) -> int:
    """Run one command. What it makes (database, logs, models) is readable by its user alone."""
    commands = {"run": run_demo, "serve": serve_own, "setup": set_up, "demo": prepare_demo}
    commands |= {"train": train_all, "models": tell_models}
    mask = os.umask(OWNER_ONLY)
    try:
        with stopping_on_signals():
            if len(words) == 2 and words[0] == "import":
                return import_own(Path(words[1]))
            if len(words) != 1 or words[0] not in commands:
                print(USAGE, file=sys.stderr)
                return 2
            return commands[words[0]]()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"\nThe machine did not allow something: {where}{error.strerror or error}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept.", file=sys.stderr)
    finally:
        os.umask(mask)
    return 1


def run_demo() -> int:
    """Everything that `make run` does."""
    began = time.monotonic()
    ports = _read_ports()
    if os.environ.get("CANDOR_HOST", "127.0.0.1") != "127.0.0.1":
        raise Problem(
            "Demo mode signs anybody in and listens on 127.0.0.1 only. Unset CANDOR_HOST, or serve your own shop: make serve"
        )
    check_ports("127.0.0.1", ports)
    environment = _environment() | {"CANDOR_DEMO": "1"}
    _prepare(_environment_steps() + _demo_steps(environment))
    print("... start the three processes", flush=True)
    address = f"http://127.0.0.1:{ports['CANDOR_PORT']}"

    def welcome() -> str:
        return f"""
Candor is ready after {time.monotonic() - began:.0f} s.

  Demo shop        {address}/
  Privacy centre   {address}/privacy
  Staff console    {address}/staff
                   agents sam and alex, owner olga; password of each: demo-password, no second factor

  Purchases and prices are a real grocer's; names are made up. Stop with Ctrl-C.
"""

    return _serve(environment, "127.0.0.1", ports, welcome)


def serve_own() -> int:
    """Serve a shop of one's own."""
    ports = _read_ports()
    host = os.environ.get("CANDOR_HOST", "127.0.0.1")
    if not os.environ.get("CANDOR_SHOP_SECRET"):
        raise Problem(
            "CANDOR_SHOP_SECRET is not set. It is the secret (32 bytes at least) with which your shop signs its customers in; see docs/integrate.md."
        )
    check_ports(host, ports)
    environment = _environment()
    _prepare(_environment_steps())
    if not (VAR / "bot" / "candor.tar.gz").exists():
        raise Problem("The bot has not been trained yet. First: make import DIR=your-files, then: make train")
    if _call([str(find_binary(MAIN, "python")), "-m", "web.owner"], environment) != 0:
        return 1
    address = f"http://{host}:{ports['CANDOR_PORT']}"
    said = f"Candor is ready: {address}/staff for staff, /privacy for customers. Stop with Ctrl-C."
    return _serve(environment, {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), ports, lambda: said)


def _serve(environment: dict[str, str], host: str, ports: dict[str, int], welcome: Callable[[], str]) -> int:
    """Start the three processes, say so when they are ready, and stay. However it ends, they end with it."""
    config = write_config(bot_port=ports["CANDOR_BOT_PORT"], actions_port=ports["CANDOR_ACTIONS_PORT"])
    supervisor = Supervisor(config, environment)
    try:
        supervisor.wait_until_ready(host, ports["CANDOR_PORT"])
        print(welcome(), flush=True)
        return supervisor.run_until_stopped()
    finally:
        supervisor.stop()


def set_up() -> int:
    """Make the environments."""
    _prepare(_environment_steps())
    return 0


def prepare_demo() -> int:
    """Set up the demo shop without serving it."""
    _prepare(_environment_steps() + _demo_steps(_environment() | {"CANDOR_DEMO": "1"}))
    return 0


def import_own(directory: Path) -> int:
    """Import a shop's files."""
    _prepare(_environment_steps())
    return _call([str(find_binary(MAIN, "python")), "-m", "data.importers", str(directory.resolve())], _environment())


def train_all() -> int:
    """Train the rankers and the bot from what the database holds now."""
    environment = _environment()
    _prepare(_environment_steps())
    main = str(find_binary(MAIN, "python"))
    for command in ((main, "-m", "models"), (main, "-m", "actions.prepare")):
        if _call(list(command), environment) != 0:
            return 1
    return _call(list(_rasa_train()), environment | {"RASA_TELEMETRY_ENABLED": "false"}, directory=ROOT)


def tell_models() -> int:
    """Which version serves, its shortfalls, and a newer one that was refused."""
    _prepare(_environment_steps())
    return _call([str(find_binary(MAIN, "python")), "-m", "models.standing"], _environment())


def _environment_steps() -> list[Step]:
    return [
        Step(
            "uv",
            "fetch uv",
            install_uv,
            sources=(ROOT / "ops" / "requirements.txt",),
            makes=(TOOLS / "bin" / "uv",),
            expected_s=4,
        ),
        Step(
            "main_environment",
            "install the main environment (Python 3.13)",
            lambda: make_environment(MAIN),
            needs=("uv",),
            sources=(ROOT / "requirements.txt",),
            makes=(MAIN / "bin" / "supervisord",),
            expected_s=25,
        ),
        Step(
            "bot_environment",
            "install the bot's environment (Python 3.10, Rasa)",
            lambda: make_environment(BOT),
            needs=("uv",),
            sources=(ROOT / "bot" / "requirements.txt", ROOT / "bot" / "weights.txt"),
            makes=(BOT / "bin" / "rasa",),
            expected_s=40,
        ),
        Step(
            "encoder",
            "build the sentence encoder",
            (_make_encoder(),),
            needs=("bot_environment",),
            sources=tuple(ROOT / "bot" / "encoder" / name for name in ("__main__.py", "graph.py", "weights.py")),
            makes=(ENCODER / "encoder.onnx",),
            expected_s=10,
        ),
    ]


def _demo_steps(environment: dict[str, str]) -> list[Step]:
    main = str(find_binary(MAIN, "python"))
    shop = Path(environment.get("CANDOR_SHOP_FILE") or ROOT / "shop.toml")
    url = environment.get("CANDOR_DATABASE_URL") or f"sqlite:///{VAR / 'candor.db'}"
    bot = ("components", "encoder", "language", "nlu", "rules", "domain", "config.yml", "prepare.py")
    return [
        Step(
            "import",
            "import the demo shop",
            ((main, "-m", "data.demo"),),
            needs=("main_environment",),
            sources=(ROOT / "data", ROOT / "requirements.txt", shop),
            settings=("CANDOR_DATABASE_URL",),
            makes=(Path(url.removeprefix("sqlite:///")),) if url.startswith("sqlite:///") else (),
            expected_s=45,
            environment=environment,
        ),
        Step(
            "rankers",
            "train the rankers",
            ((main, "-m", "models"),),
            needs=("import",),
            sources=(ROOT / "models",),
            makes=(VAR / "models" / "current.json",),
            expected_s=90,
            environment=environment,
        ),
        Step(
            "bot",
            "train the bot",
            ((main, "-m", "actions.prepare"), _rasa_train()),
            needs=("import", "encoder"),
            sources=(*(ROOT / "bot" / name for name in bot), ROOT / "actions" / "prepare.py", ROOT / "texts"),
            makes=(VAR / "bot" / "candor.tar.gz",),
            expected_s=150,
            # Tuning comes when the rankers are done or nearly so, and takes the second core then.
            environment=environment | {"RASA_TELEMETRY_ENABLED": "false", "TF_NUM_INTRAOP_THREADS": "2"},
        ),
    ]


def _make_encoder() -> tuple[str, ...]:
    return ("sh", "-c", f"cd {ROOT / 'bot'} && exec {find_binary(BOT, 'python')} -W ignore -m encoder {ENCODER}")


def _rasa_train() -> tuple[str, ...]:
    """Rasa reads `components` and its folders from `bot/`, so it is started there."""
    rasa = f"cd {ROOT / 'bot'} && exec {find_binary(BOT, 'python')} -W ignore -m rasa train --data nlu rules --domain domain --config config.yml --skip-validation"
    return ("sh", "-c", f"{rasa} --out {VAR / 'bot'} --fixed-model-name candor")


def _prepare(steps: list[Step]) -> None:
    _check_disk()
    for folder in (VAR, ENVIRONMENTS):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = "Set CANDOR_VAR to a folder" if folder == VAR else "Put this checkout in a folder"
            raise Problem(f"{folder} cannot be made ({error.strerror}). {hint} that you may write to.") from error
    with Board() as board:
        run_steps(steps, board)


def _check_disk() -> None:
    """The environments lie in the checkout, everything else where CANDOR_VAR says; on one disk they need the sum."""
    needed: dict[int, tuple[Path, int]] = {}
    has_environments = find_binary(BOT, "rasa").exists()
    for folder, size_gb in ((VAR, VAR_GB), (ENVIRONMENTS, 0 if has_environments else ENVIRONMENTS_GB)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        disk = there.stat().st_dev
        needed[disk] = (there, size_gb + (needed[disk][1] if disk in needed else 0))
    for there, size_gb in needed.values():
        free = shutil.disk_usage(there).free / 1e9
        if free < size_gb:
            raise Problem(
                f"Only {free:.1f} GB are free where {there} lies; {size_gb} GB are needed. Free some, or set CANDOR_VAR to another disk: "
                f"database and models ({VAR_GB} GB) go there. The environments ({ENVIRONMENTS_GB} GB) stay in the checkout."
            )


def _read_ports() -> dict[str, int]:
    ports: dict[str, int] = {}
    for name, default in (("CANDOR_PORT", 8000), ("CANDOR_BOT_PORT", 5005), ("CANDOR_ACTIONS_PORT", 5055)):
        value = os.environ.get(name, str(default))
        if not (value.isascii() and value.isdecimal()) or not 0 < int(value) < 65536:
            raise Problem(f"{name} is {value!r}; a port is a number from 1 to 65535.")
        same = next((other for other, port in ports.items() if port == int(value)), None)
        if same is not None:
            raise Problem(
                f"{same} and {name} are both {int(value)}; each process needs a port of its own. Choose another for {name}."
            )
        ports[name] = int(value)
    return ports


def _environment() -> dict[str, str]:
    """The operator's settings and what a process needs, without a Python of somebody else's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "PYENV", "SUPERVISOR"))
    }
    return (
        kept
        | {
            "PYTHONPATH": str(ROOT),
            "CANDOR_VAR": str(VAR),
            "NUMBA_CACHE_DIR": str(VAR / "numba"),
            "PYTHONUNBUFFERED": "1",
        }
        | ONE_THREAD
    )


def _call(command: list[str], environment: dict[str, str], *, directory: Path = ROOT) -> int:
    return subprocess.run(command, cwd=directory, env=environment, check=False).returncode
