"""Figures for Prometheus, summed over the worker processes. Knows nothing of anybody.

Labels are route templates, methods, classes of status and words of our own: never a path, an address or a name.
"""

import os
from functools import cache
from pathlib import Path
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name; `serve` sets it for its workers
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one application; with a folder, those of all its workers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "glassbox_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "glassbox_request_seconds", "Time to an answer.", ("route",), registry=self.registry, buckets=BUCKETS
        )
        self.scans = Counter("glassbox_scans", "Scans taken, by verdict.", ("verdict",), registry=self.registry)
        self.refusals = Counter("glassbox_refusals", "Refusals, by limit.", ("limit",), registry=self.registry)
        # The library looks a child up under a lock each time; there are few, and a request needs three.
        self.of_request, self.of_route = cache(self.requests.labels), cache(self.seconds.labels)
        self.of_verdict = cache(self.scans.labels)


def share(folder: Path) -> None:
    """Let the workers of one server keep their figures in files there; to be called before `init_app`."""
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]


def init_app(app: Flask) -> None:
    """Count and time every request."""
    app.extensions["glassbox_metrics"] = Metrics()
    app.before_request(_start)
    app.after_request(_stop)


def count_scan(verdict: str) -> None:
    """Count a scan that was taken."""
    _metrics().of_verdict(verdict).inc()


def count_refusals(limit: str, times: int) -> None:
    """Count refusals; many in a short time are worth an alarm."""
    _metrics().refusals.labels(limit).inc(times)


def answer() -> Response:
    """Answer with all figures in the text format."""
    registry = _metrics().registry
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _metrics() -> Metrics:
    metrics: Metrics = current_app.extensions["glassbox_metrics"]
    return metrics


def _start() -> None:
    g.started = perf_counter()


def _stop(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in {"GET", "HEAD", "POST", "OPTIONS"} else "other"
    metrics = _metrics()
    metrics.of_request(method, route, f"{response.status_code // 100}xx").inc()
    metrics.of_route(route).observe(perf_counter() - g.get("started", perf_counter()))
    return response
