"""What a service tells Prometheus: its requests by route template, and gauges that its parts register."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

logger = logging.getLogger("jikao.metrics")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Reading = Mapping[tuple[str, ...], float]
"""Label values in the order of the gauge's labels -> value; `{(): 3.0}` for a gauge without labels."""


class Metrics:
    """The metrics of one application, in a registry of its own, so that several live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "jikao_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "jikao_http_request_duration_seconds",
            "Time from a request's first byte to the last byte of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is a template, never a path, so that labels stay few."""
        method = method if method in _METHODS else "other"
        key = (method, route, status)
        if key not in self._series:
            # Kept, because looking a series up by its labels costs more than counting.
            counter = self._requests.labels(method, route, str(status))
            self._series[key] = (counter, self._seconds.labels(method, route))
        count, duration = self._series[key]
        count.inc()
        duration.observe(seconds)

    def gauge(self, name: str, meaning: str, read: Callable[[], Reading], labels: Sequence[str] = ()) -> None:
        """Register a gauge that is read when Prometheus asks, e.g. a reader's lag or the outbox's depth."""
        self.registry.register(_Gauge(name, meaning, read, tuple(labels)))

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """A new counter of this application, for its owner to increase."""
        return Counter(name, meaning, labels, registry=self.registry)


def metrics_router() -> APIRouter:
    """The `/metrics` route, outside the OpenAPI document: it is for operators, not for callers.

    It tells the application's own, `app.state.metrics`; `health_router` says why it does not hold them.
    """
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    def metrics(request: Request) -> Response:
        return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


class _Gauge(Collector):
    def __init__(self, name: str, meaning: str, read: Callable[[], Reading], labels: tuple[str, ...]) -> None:
        self._name, self._meaning, self._read, self._labels = name, meaning, read, labels

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the family without reading it: a registry asks when the gauge is registered."""
        yield GaugeMetricFamily(self._name, self._meaning, labels=self._labels)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read now; a gauge that cannot be read is left out, for just then the others matter most."""
        try:
            reading = self._read()
        except Exception:
            logger.exception("gauge %s could not be read", self._name)
            return
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for values, value in reading.items():
            family.add_metric(values, value)
        yield family
