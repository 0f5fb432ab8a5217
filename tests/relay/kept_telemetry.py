"""Telemetry whose exports are kept in memory, as OpenTelemetry makes them."""

import json

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.telemetry import OpenTelemetry


class Kept:
    """An OpenTelemetry whose exports are kept in memory."""

    def __init__(self):
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        processors = [SimpleSpanProcessor(self.exporter)]
        self.telemetry = OpenTelemetry("relay", processors, [self.reader])

    def spans(self, name):
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def within(self, parent):
        spans = self.exporter.get_finished_spans()
        mine = [span for span in spans if span.parent.span_id == parent.context.span_id]
        return sorted(mine, key=lambda span: span.start_time)

    def parts(self, turn):
        """Return the parts of the wait in a turn, in order of time."""
        return [span for span in self.within(turn) if span.name.startswith("turn.")]

    def points(self):
        kept = self.reader.get_metrics_data()
        if kept is None:
            return {}
        data = json.loads(kept.to_json())
        metrics = data["resource_metrics"][0]["scope_metrics"][0]["metrics"]
        return {metric["name"]: metric["data"]["data_points"] for metric in metrics}


def ms(span):
    return (span.end_time - span.start_time) / 1e6
