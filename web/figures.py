"""The figures of `/metrics`, for whatever counts; `web/operate.py` serves them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

registry = CollectorRegistry()
ProcessCollector(registry=registry)  # the gateway's CPU seconds, memory and open files
requests_seen = Counter(
    "candor_requests_total", "Requests by route and status.", ["route", "status"], registry=registry
)
request_seconds = Histogram(
    "candor_request_seconds",
    "Time to answer, waiting left out.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=registry,
)
open_conversations = Gauge("candor_conversations", "Conversations by state.", ["state"], registry=registry)
waiting_handoffs = Gauge("candor_handoffs_waiting", "Handoffs that wait.", registry=registry)
failing_letters = Gauge(
    "candor_letters_failing", "Letters and webhook calls that are tried again after a first try.", registry=registry
)
given_up_letters = Counter(
    "candor_letters_given_up_total", "Letters and webhook calls that never went in their time.", registry=registry
)
overdue_requests = Gauge(
    "candor_requests_overdue", "Requests by right that a month has passed over.", registry=registry
)
failed_steps = Counter("candor_steps_failed_total", "Steps in the background that failed.", ["step"], registry=registry)
