"""Measurements as OpenTelemetry: spans of each call in one trace, and metrics of all of them.

Where they go is told by the environment: `APPLICATIONINSIGHTS_CONNECTION_STRING` (Azure Monitor),
`OTEL_EXPORTER_OTLP_ENDPOINT` (any collector), `TELEMETRY=console`. With none of them set nothing is
imported and nothing is measured.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from adapters.settings import Settings
from core.measured import Attributes, CallTrace, Figure, Measured

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
    from opentelemetry.trace import Span

log = logging.getLogger(__name__)

# Of seconds and tokens, as the GenAI conventions have them; those of the SDK suit milliseconds.
_BOUNDARIES = {
    "s": [0.01 * 2**n for n in range(14)],
    "{token}": [4.0**n for n in range(14)],
}
_MISSING = "pip install 'artvoice[telemetry]'"


class OpenTelemetry:
    """Sends what is measured through these span processors and metric readers."""

    def __init__(
        self,
        service: str,
        processors: Sequence[SpanProcessor],
        readers: Sequence[MetricReader],
    ) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        resource = Resource.create({"service.name": service, "service.namespace": "artvoice"})
        self._tracers = TracerProvider(resource=resource)
        for processor in processors:
            self._tracers.add_span_processor(processor)
        self._meters = MeterProvider(readers, resource=resource)
        self._tracer = self._tracers.get_tracer("artvoice")
        self._meter = self._meters.get_meter("artvoice")
        self._instruments: dict[str, Any] = {}

    def call(self, call_id: str, attributes: Attributes) -> CallTrace:
        """Begin the span of a call."""
        span = self._tracer.start_span("call", _in_trace_of(call_id), attributes=attributes)
        return _CallSpan(self, span)

    def add(self, call_id: str, span: Measured, figures: Sequence[Figure] = ()) -> None:
        """Take something that was done for a call."""
        self.span(span, _in_trace_of(call_id))
        for figure in figures:
            self.figure(figure)

    def figure(self, figure: Figure) -> None:
        """Add one value to a counter or a distribution."""
        put = self._instruments.get(figure.name)
        if put is None:
            name, unit, meter = figure.name, figure.unit, self._meter
            bounds = _BOUNDARIES.get(unit)
            put = (
                meter.create_histogram(
                    name, unit, explicit_bucket_boundaries_advisory=bounds
                ).record
                if unit
                else meter.create_counter(name).add
            )
            self._instruments[name] = put
        put(figure.value, dict(figure.attributes))

    def span(self, measured: Measured, within: Context) -> None:
        """Make a span of what is over already, with everything in it."""
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        span = self._tracer.start_span(
            measured.name,
            within,
            kind=SpanKind.CLIENT if measured.kind == "client" else SpanKind.INTERNAL,
            attributes=measured.attributes,
            start_time=_ns(measured.start),
        )
        if measured.error:
            span.set_attribute("error.type", measured.error)
            span.set_status(Status(StatusCode.ERROR))
        context = set_span_in_context(span)
        for child in measured.children:
            self.span(child, context)
        span.end(_ns(measured.end))

    def close(self) -> None:
        """Send what is left; waits for it."""
        self._tracers.shutdown()
        self._meters.shutdown()


class _CallSpan:
    """The span of one call, open while the call is here."""

    def __init__(self, telemetry: OpenTelemetry, span: Span) -> None:
        from opentelemetry.trace import set_span_in_context

        self._telemetry = telemetry
        self._span = span
        self._context = set_span_in_context(span)

    def add(self, span: Measured, figures: Sequence[Figure]) -> None:
        self._telemetry.span(span, self._context)
        for figure in figures:
            self._telemetry.figure(figure)

    def end(self, attributes: Attributes) -> None:
        self._span.set_attributes(dict(attributes))
        self._span.end()


def _in_trace_of(call_id: str) -> Context:
    """Return the context of a call: its id is its trace's, so that nobody has to hand it on."""
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    try:
        number = UUID(call_id).int
    except ValueError:
        number = uuid5(NAMESPACE_URL, call_id).int
    sampled = TraceFlags(TraceFlags.SAMPLED)
    parent = SpanContext(number, number & (2**64 - 1) or 1, is_remote=True, trace_flags=sampled)
    return set_span_in_context(NonRecordingSpan(parent))


def _ns(seconds: float) -> int:
    return int(seconds * 1e9)


# --- where to ------------------------------------------------------------------------------------


def telemetry_of(settings: Settings, service: str) -> OpenTelemetry | None:
    """Return what the settings ask for, None if nothing. Exporters run on threads of their own."""
    azure = settings.applicationinsights_connection_string.get_secret_value()
    otlp, console = settings.otel_exporter_otlp_endpoint, settings.telemetry == "console"
    if not (azure or otlp or console):
        return None
    exporters: list[tuple[Any, Any]] = []
    try:
        if azure:
            exporters.append(_azure_monitor(azure))
        if otlp:
            exporters.append(_otlp(otlp))
        if console:
            exporters.append(_console())
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        log.warning("no telemetry", extra={"reason": str(missing), "remedy": _MISSING})
        return None
    return OpenTelemetry(
        service,
        [BatchSpanProcessor(spans) for spans, _ in exporters],
        [PeriodicExportingMetricReader(metrics) for _, metrics in exporters],
    )


def _azure_monitor(connection_string: str) -> tuple[Any, Any]:
    from azure.monitor.opentelemetry.exporter import (
        AzureMonitorMetricExporter,
        AzureMonitorTraceExporter,
    )

    return (
        AzureMonitorTraceExporter(connection_string=connection_string),
        AzureMonitorMetricExporter(connection_string=connection_string),
    )


def _otlp(endpoint: str) -> tuple[Any, Any]:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    base = endpoint.rstrip("/")
    return (
        OTLPSpanExporter(endpoint=f"{base}/v1/traces"),
        OTLPMetricExporter(endpoint=f"{base}/v1/metrics"),
    )


def _console() -> tuple[Any, Any]:
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    return (
        ConsoleSpanExporter(out=sys.stderr, formatter=_line),
        ConsoleMetricExporter(out=sys.stderr, formatter=lambda data: data.to_json(None) + "\n"),
    )


def _line(span: ReadableSpan) -> str:
    ms = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
    facts = " ".join(f"{name}={value!s}" for name, value in (span.attributes or {}).items())
    return f"{span.name} {ms:.0f} ms {facts}\n"
