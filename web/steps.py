"""Steps that the gateway takes by itself: one that fails is in the log, counted in `/metrics`, and told in `/healthz` until it is done."""

import logging

from web.figures import failed_steps


class Steps:
    """Which steps failed when they were last tried. Threads share it."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    @property
    def failing(self) -> list[str]:
        """By name."""
        return sorted(self._failing.copy())

    def note_done(self, step: str) -> None:
        """It was done."""
        self._failing.discard(step)

    def note_failed(
        self, step: str, message: str, *told: object, log: logging.Logger, failure: BaseException | None = None
    ) -> None:
        """It failed: by `failure`, else by what is being handled just now."""
        log.error(message, *told, exc_info=failure or True)
        failed_steps.labels(step).inc()
        self._failing.add(step)
