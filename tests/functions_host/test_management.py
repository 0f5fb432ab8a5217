"""The Durable management API, by webhook and through the SDK's client."""

import json

import pytest

from .conftest import Bench

DURABLE = "/runtime/webhooks/durabletask"


async def test_starting_answers_with_links_that_work(bench: Bench) -> None:
    started = await bench.call("POST", f"{DURABLE}/orchestrators/wait_for_go/w", json={"a": 1})
    running = await bench.call("GET", started.json["statusQueryGetUri"][len(bench.host.url) :])
    await bench.call("POST", f"{DURABLE}/instances/w/raiseEvent/go", json=1)
    await bench.engine.wait("w")
    ended = await bench.call("GET", f"{DURABLE}/instances/w?showInput=false")

    assert started.status == 202
    assert started.headers["Location"] == started.json["statusQueryGetUri"]
    assert "taskHub=SampleHub" in started.json["purgeHistoryDeleteUri"]
    assert (running.status, running.json["input"]) == (202, {"a": 1})
    assert (ended.status, ended.json["runtimeStatus"]) == (200, "Completed")
    assert (ended.json["output"], ended.json["input"]) == ("went", None)


async def test_a_start_may_wait_for_the_end(bench: Bench) -> None:
    at_once = await bench.call("POST", f"{DURABLE}/orchestrators/at_once?timeout=60")
    failed = await bench.call("POST", f"{DURABLE}/orchestrators/failing?timeout=60")
    later = await bench.call("POST", f"{DURABLE}/orchestrators/wait_for_go?timeout=0")

    assert (at_once.status, at_once.json) == (200, "no yield")
    assert (failed.status, failed.json["runtimeStatus"]) == (500, "Failed")
    assert (later.status, "statusQueryGetUri" in later.json) == (202, True)


async def test_wrong_names_and_live_ids_are_refused(bench: Bench) -> None:
    await bench.start("wait_for_go", instance="live")

    unknown = await bench.call("POST", f"{DURABLE}/orchestrators/nope")
    live = await bench.call("POST", f"{DURABLE}/orchestrators/chain/live")
    unknown_by_client = await bench.call("POST", "/api/start/nope")
    live_by_client = await bench.call("POST", "/api/start/wait_for_go?id=live")
    garbage = await bench.call("POST", f"{DURABLE}/orchestrators/chain", data="{")

    assert unknown.status == 400
    assert "known orchestrator functions" in unknown.json["ExceptionMessage"]
    assert live.status == 409
    assert (unknown_by_client.status, live_by_client.status) == (409, 409)
    assert garbage.status == 400


async def test_an_id_that_has_ended_may_be_used_again(bench: Bench) -> None:
    await bench.run("at_once", instance="x")

    ended = await bench.run("chain", instance="x")

    assert (ended.name, ended.status) == ("chain", "Completed")


async def test_events_for_nobody_and_for_the_dead_are_refused(bench: Bench) -> None:
    await bench.run("at_once", instance="dead")

    paths = [f"{DURABLE}/instances/{i}/raiseEvent/go" for i in ("nobody", "dead")]
    by_hook = [await bench.call("POST", path, json=1) for path in paths]
    by_client = [await bench.call("POST", f"/api/event/{i}/go", json=1) for i in ("nobody", "dead")]
    no_json = await bench.call("POST", paths[1], data="text")

    assert [a.status for a in by_hook] == [404, 410]
    assert [a.status for a in by_client] == [409, 409]
    assert "No instance" in by_client[0].text
    assert "gone" in by_client[1].text
    assert no_json.status == 400


async def test_a_terminated_orchestration_has_the_reason_as_output(bench: Bench) -> None:
    await bench.start("wait_for_go", instance="t")

    answer = await bench.call("POST", f"{DURABLE}/instances/t/terminate?reason=enough")
    ended = await bench.engine.wait("t")
    again = await bench.call("POST", f"{DURABLE}/instances/t/terminate")
    unknown = await bench.call("POST", f"{DURABLE}/instances/nobody/terminate")

    assert (answer.status, again.status, unknown.status) == (202, 410, 404)
    assert (ended.status, json.loads(ended.output)) == ("Terminated", "enough")


async def test_a_suspended_orchestration_keeps_its_events(bench: Bench) -> None:
    await bench.start("wait_for_go", instance="s")
    await bench.call("POST", f"{DURABLE}/instances/s/suspend?reason=wait")
    await bench.engine.wait("s", frozenset({"Suspended"}))

    await bench.call("POST", f"{DURABLE}/instances/s/raiseEvent/go", json=1)
    await bench.engine.settled()
    held = bench.engine.status("s")
    await bench.call("POST", f"{DURABLE}/instances/s/resume?reason=go")

    ended = await bench.engine.wait("s")
    assert held.status == "Suspended"
    assert json.loads(ended.output) == "went"


async def test_an_orchestration_suspended_before_its_first_turn_runs_after_it(
    bench: Bench,
) -> None:
    bench.engine.start("at_once", "s")
    bench.engine.suspend("s", "")
    await bench.engine.wait("s", frozenset({"Suspended"}))

    bench.engine.resume("s", "")

    assert (await bench.engine.wait("s")).status == "Completed"


async def test_a_suspended_orchestration_may_be_terminated(bench: Bench) -> None:
    await bench.start("wait_for_go", instance="s")
    bench.engine.suspend("s", "")
    await bench.engine.wait("s", frozenset({"Suspended"}))

    bench.engine.terminate("s", "over")

    assert (await bench.engine.wait("s")).status == "Terminated"


async def test_the_sdks_client_does_all_of_it(bench: Bench) -> None:
    await bench.start("wait_for_go", instance="c")

    await bench.call("POST", "/api/client/c/suspend")
    await bench.engine.wait("c", frozenset({"Suspended"}))
    await bench.call("POST", "/api/client/c/resume")
    await bench.engine.wait("c", frozenset({"Running"}))
    await bench.call("POST", "/api/client/c/terminate")
    await bench.engine.wait("c")
    status = await bench.call("POST", "/api/client/c/status")
    unknown = await bench.call("POST", "/api/client/nobody/status")
    restarted = await bench.call("POST", "/api/client/c/restart")
    count = await bench.call("POST", "/api/client/c/all")
    purged = await bench.call("POST", "/api/client/c/purge")

    assert (status.text, unknown.text) == ("Terminated", "unknown")
    assert restarted.status == 202
    assert count.text == "2"
    assert purged.text == "1"
    assert bench.engine.status("c") is None


async def test_lists_are_filtered_and_paged(bench: Bench) -> None:
    for n in range(5):
        await bench.run("at_once", instance=f"a{n}")
    await bench.start("wait_for_go", instance="b")
    base = f"{DURABLE}/instances"

    everything = await bench.call("GET", f"{base}/")
    running = await bench.call("GET", f"{base}?runtimeStatus=Running,Pending")
    first = await bench.call("GET", f"{base}?instanceIdPrefix=a&top=3")
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    second = await bench.call("GET", f"{base}?instanceIdPrefix=a&top=3", headers=token)
    future = await bench.call("GET", f"{base}?createdTimeFrom=2100-01-01T00:00:00Z")

    assert len(everything.json) == 6
    assert [i["instanceId"] for i in running.json] == ["b"]
    assert [i["instanceId"] for i in first.json + second.json] == ["a0", "a1", "a2", "a3", "a4"]
    assert "x-ms-continuation-token" not in second.headers
    assert future.json == []


@pytest.mark.parametrize(
    "query", ["top=0", "top=x", "createdTimeFrom=yesterday", "createdTimeTo=x"]
)
async def test_queries_that_mean_nothing_are_refused(bench: Bench, query: str) -> None:
    answer = await bench.call("GET", f"{DURABLE}/instances?{query}")

    assert answer.status == 400


async def test_a_foreign_continuation_token_is_refused(bench: Bench) -> None:
    tokens = ["!", "bm9wZQ=="]

    answers = [
        await bench.call("GET", f"{DURABLE}/instances", headers={"x-ms-continuation-token": token})
        for token in tokens
    ]

    assert [a.status for a in answers] == [400, 400]


async def test_purging_removes_only_what_has_ended(bench: Bench) -> None:
    await bench.run("at_once", instance="a")
    await bench.run("at_once", instance="b")
    await bench.start("wait_for_go", instance="live")

    one = await bench.call("DELETE", f"{DURABLE}/instances/a")
    again = await bench.call("DELETE", f"{DURABLE}/instances/a")
    live = await bench.call("DELETE", f"{DURABLE}/instances/live")
    no_filter = await bench.call("DELETE", f"{DURABLE}/instances")
    rest = await bench.call("DELETE", f"{DURABLE}/instances?createdTimeFrom=2000-01-01T00:00:00Z")

    assert (one.status, one.json) == (200, {"instancesDeleted": 1})
    assert (again.status, live.status, no_filter.status) == (404, 404, 400)
    assert rest.json == {"instancesDeleted": 1}
    assert bench.engine.history("b") == []
    assert bench.engine.status("live") is not None


async def test_restart_runs_the_same_input_again(bench: Bench) -> None:
    await bench.run("eternal", 3, instance="r")

    fresh = await bench.call("POST", f"{DURABLE}/instances/r/restart")
    same = await bench.call("POST", f"{DURABLE}/instances/r/restart?restartWithNewInstanceId=false")
    unknown = await bench.call("POST", f"{DURABLE}/instances/nobody/restart")

    assert fresh.json["id"] != "r"
    assert (await bench.engine.wait(fresh.json["id"])).status == "Completed"
    assert same.json["id"] == "r"
    assert unknown.status == 404


async def test_rewind_says_that_it_is_not_done_here(bench: Bench) -> None:
    await bench.run("failing", instance="f")
    await bench.run("at_once", instance="ok")

    answers = [
        await bench.call("POST", f"{DURABLE}/instances/{i}/rewind") for i in ("f", "ok", "nobody")
    ]

    assert [a.status for a in answers] == [501, 410, 404]


async def test_the_history_is_shown_in_words(bench: Bench) -> None:
    await bench.run("chain", instance="h")

    plain = await bench.call("GET", f"{DURABLE}/instances/h?showHistory=true")
    full = await bench.call("GET", f"{DURABLE}/instances/h?showHistory=true&showHistoryOutput=true")

    events = full.json["historyEvents"]
    assert [e["EventType"] for e in events] == [
        "ExecutionStarted",
        "TaskCompleted",
        "TaskCompleted",
    ]
    assert (events[1]["FunctionName"], events[1]["Result"]) == ("say", "hi a")
    assert "Result" not in plain.json["historyEvents"][1]


async def test_a_failure_answers_500_to_those_who_ask_for_it(bench: Bench) -> None:
    await bench.run("failing", instance="f")

    quiet = await bench.call("GET", f"{DURABLE}/instances/f")
    loud = await bench.call("GET", f"{DURABLE}/instances/f?returnInternalServerErrorOnFailure=true")

    assert (quiet.status, loud.status) == (200, 500)


async def test_entities_are_signaled_and_listed_by_webhook(bench: Bench) -> None:
    base = f"{DURABLE}/entities"
    for key in ("a", "b"):
        await bench.call("POST", f"{base}/Counter/{key}?op=add", json=2)
    await bench.engine.settled()

    one = await bench.call("GET", f"{base}/counter/a")
    every = await bench.call("GET", f"{base}?fetchState=true")
    page = await bench.call("GET", f"{base}/counter?top=1")
    none = await bench.call("GET", f"{base}/other")

    assert one.json == 2
    assert [(e["entityId"]["key"], e["state"]) for e in every.json] == [("a", 2), ("b", 2)]
    assert page.headers["x-ms-continuation-token"] == "@counter@a"
    assert none.json == []
