"""`python -m actions`: the action server on loopback, in one process.

The SDK's own command binds every address unless SANIC_HOST is set and spawns a worker; here it listens on 127.0.0.1 only.
"""

import logging
import sys

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic

from actions.desk import get_desk
from data.errors import CandorError
from settings import BadSetting, read_settings


def main() -> int:
    """Open the desk first, so that the first customer waits for nothing; then serve."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        port = read_settings().actions_port
        desk = get_desk()
        with desk.database.read() as connection:
            desk.recommender.warm_up(connection, today=desk.clock.today())
    except (BadSetting, CandorError) as error:
        print(f"The action server did not start: {error}", file=sys.stderr)
        return 1
    executor = ActionExecutor()
    executor.register_package("actions")
    app = create_app(executor, cors_origins=[])
    app.config.KEEP_ALIVE_TIMEOUT = 120
    app.prepare(host="127.0.0.1", port=port, single_process=True, access_log=False, motd=False)
    Sanic.serve_single(primary=app)
    return 0


if __name__ == "__main__":
    sys.exit(main())
