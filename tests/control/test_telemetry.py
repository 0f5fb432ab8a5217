"""Measurements leave for where the settings say, and what the control plane does is among them."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from uuid import UUID

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from adapters.settings import Settings
from adapters.telemetry import telemetry_of
from api import incoming
from core.acs_events import IncomingCall
from core.carrier import CarrierError, Trouble
from core.measured import Figure, Measured
from tests.control.fakes import FakeDurable, plane_of

CALL_ID = "6f1f4a52-7c1e-5e2a-9a53-0f3b8f0c2d11"
RING = IncomingCall(
    correlation_id="c", caller="+15550100", called="+15550199", called_raw_id="4:x", offer="o"
)


class Collector(BaseHTTPRequestHandler):
    """An OpenTelemetry collector that keeps what it gets, and an ingestion endpoint of Azure's."""

    got: dict[str, list[bytes]]

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["content-length"]))
        self.got.setdefault(self.path, []).append(sent)
        answer = b""
        if self.path.endswith("/track"):
            count = len(json.loads(sent))
            taken = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
            answer = json.dumps(taken).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def collector():
    handler = type("Collecting", (Collector,), {"got": {}})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.got
    server.shutdown()
    thread.join()
    server.server_close()


class Told:
    """Telemetry that remembers."""

    def __init__(self):
        self.spans, self.figures = [], []

    def add(self, call_id, span, figures=()):
        self.spans.append((call_id, span))
        self.figures += figures


def test_a_collector_gets_the_spans_of_a_call_and_the_figures(collector):
    url, got = collector
    telemetry = telemetry_of(Settings.read({"OTEL_EXPORTER_OTLP_ENDPOINT": url}), "relay")

    took = Figure(name="turn.total_latency", value=640.0, unit="ms")
    telemetry.add(CALL_ID, Measured(name="turn", start=10.0, end=12.5), [took])
    telemetry.close()

    traces = ExportTraceServiceRequest.FromString(got["/v1/traces"][0])
    metrics = ExportMetricsServiceRequest.FromString(got["/v1/metrics"][0])
    (span,) = traces.resource_spans[0].scope_spans[0].spans
    assert span.name == "turn"
    assert UUID(bytes=span.trace_id) == UUID(CALL_ID)
    assert span.end_time_unix_nano - span.start_time_unix_nano == 2_500_000_000
    assert metrics.resource_metrics[0].scope_metrics[0].metrics[0].name == "turn.total_latency"


def test_where_nothing_is_asked_for_nothing_is_imported():
    script = (
        "import sys; from adapters.settings import Settings; import adapters.telemetry as t;"
        "assert t.telemetry_of(Settings.read({}), 'relay') is None;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


SENDING = """
from adapters.settings import Settings
from adapters.telemetry import telemetry_of
from core.measured import Figure, Measured
import os

telemetry = telemetry_of(Settings.read(os.environ), "relay")
asked = Measured(
    name="chat gpt", kind="client", start=10.5, end=11.0, attributes={"gen_ai.system": "openai"}
)
took = Figure(name="turn.total_latency", value=640.0, unit="ms")
turn = Measured(name="turn", start=10.0, end=12.5, children=(asked,))
telemetry.add("6f1f4a52-7c1e-5e2a-9a53-0f3b8f0c2d11", turn, [took])
telemetry.close()
"""


def test_application_insights_gets_the_spans_of_a_call_and_the_figures(collector, tmp_path):
    url, got = collector
    key = "00000000-0000-0000-0000-000000000000"
    connection = f"InstrumentationKey={key};IngestionEndpoint={url}/"
    environ = {
        **os.environ,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
        # What its exporter tells Microsoft of itself, and asks there, goes to the internet.
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "TMPDIR": str(tmp_path),
    }

    subprocess.run([sys.executable, "-c", SENDING], env=environ, check=True, timeout=120)

    items = [item for sent in got["/v2.1/track"] for item in json.loads(sent)]
    data = {item["data"]["baseData"].get("name"): item for item in items}
    turn, asked = data["turn"], data["chat gpt"]
    assert {item["iKey"] for item in items} == {key}
    assert turn["tags"]["ai.operation.id"] == CALL_ID.replace("-", "")
    assert turn["tags"]["ai.cloud.role"] == "artvoice.relay"
    assert turn["data"]["baseData"]["duration"] == "0.00:00:02.500"
    assert asked["tags"]["ai.operation.parentId"] == turn["data"]["baseData"]["id"]
    assert asked["data"]["baseData"]["type"] == "GenAI | openai"
    figures = [
        (metric["name"], metric["value"])
        for item in items
        if item["data"]["baseType"] == "MetricData"
        for metric in item["data"]["baseData"]["metrics"]
    ]
    assert ("turn.total_latency", 640.0) in figures


async def test_the_time_from_the_ring_to_the_answer_is_measured():
    told = Told()
    plane = replace(plane_of(lambda: 1000.0), telemetry=told)

    call_id = await incoming.answer(RING, 999.5, plane, FakeDurable())
    await plane.aclose()

    ((about, span),) = told.spans
    (took,) = told.figures
    assert (about, span.name, span.error) == (call_id, "answer", "")
    assert (took.name, took.value) == ("call.step.duration", 500.0)


async def test_a_call_that_was_not_answered_is_measured_as_failed():
    told = Told()
    plane = replace(plane_of(lambda: 1000.0), telemetry=told)
    plane.calls.troubles = [CarrierError(Trouble.GONE, "8587")]

    await incoming.answer(RING, 999.5, plane, FakeDurable())
    await plane.aclose()

    assert [span.error for _, span in told.spans] == ["8587"]
