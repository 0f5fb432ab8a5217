"""What orchestrators may rely on, against the real SDK."""

import json

import pytest

from .conftest import Bench

DURABLE = "/runtime/webhooks/durabletask"


async def test_activities_run_one_after_the_other(bench: Bench) -> None:
    ended = await bench.run("chain")

    assert ended.status == "Completed"
    assert json.loads(ended.output)[:2] == ["hi a", "hi hi a"]


async def test_activities_run_beside_each_other(bench: Bench) -> None:
    ended = await bench.run("fan")

    assert json.loads(ended.output) == [f"hi {i}" for i in range(5)]


async def test_an_orchestrator_without_a_yield_completes(bench: Bench) -> None:
    ended = await bench.run("at_once")

    assert json.loads(ended.output) == "no yield"


async def test_the_first_of_several_wins_and_a_canceled_timer_never_fires(bench: Bench) -> None:
    ended = await bench.run("first_of")
    await bench.engine.advance(7200)

    assert json.loads(ended.output) == [True, "hi after"]
    assert not [e for e in bench.engine.history(ended.id) if e["EventType"] == 11]


async def test_a_failed_activity_is_tried_again_after_its_pause(bench: Bench) -> None:
    instance = await bench.start("retry", {"attempts": 3, "fails": 2})
    await bench.engine.advance(1)
    halfway = bench.engine.status(instance)
    await bench.engine.advance(1)

    ended = await bench.engine.wait(instance)

    assert halfway.status == "Running"
    assert json.loads(ended.output) == ["ok after 3", "ok after 1"]


async def test_the_last_attempt_is_followed_by_one_more_pause(bench: Bench) -> None:
    instance = await bench.start("retry", {"attempts": 2, "fails": 9})
    await bench.engine.advance(1.5)
    after_the_last_attempt = bench.engine.status(instance)
    await bench.engine.advance(1)

    ended = await bench.engine.wait(instance)

    assert after_the_last_attempt.status == "Running"
    assert ended.status == "Failed"
    assert "boom 2" in json.loads(ended.output)


async def test_a_sub_orchestration_is_tried_again(bench: Bench) -> None:
    instance = await bench.start("retry_child")
    await bench.engine.advance(5)

    ended = await bench.engine.wait(instance)

    assert json.loads(ended.output) == ["caught", True, "hi after"]


async def test_a_parent_gets_results_and_failures_of_its_children(bench: Bench) -> None:
    ended = await bench.run("parent", instance="p")

    output = json.loads(ended.output)
    assert output["first"] == ["hi a", "hi hi a"]
    assert "failed on purpose" in output["second"]
    assert bench.engine.status("p-child").status == "Failed"


@pytest.mark.parametrize("name", ["lost_child", "lost_activity"])
async def test_calling_what_does_not_exist_fails(bench: Bench, name: str) -> None:
    ended = await bench.run(name)

    assert ended.status == "Failed"
    assert "doesn't exist" in json.loads(ended.output)


async def test_an_orchestrator_that_raises_fails_with_its_message(bench: Bench) -> None:
    ended = await bench.run("failing")

    assert ended.status == "Failed"
    assert json.loads(ended.output) == "Orchestrator function 'failing' failed: failed on purpose"


async def test_what_the_host_cannot_do_fails_in_words(bench: Bench) -> None:
    ended = await bench.run("web_call")

    assert ended.status == "Failed"
    assert "has no action 8" in json.loads(ended.output)


async def test_continuing_as_new_drops_what_the_old_execution_waited_for(bench: Bench) -> None:
    ended = await bench.run("eternal", 0)

    assert json.loads(ended.output) == {"generations": 3, "won": "activity"}


async def test_an_hour_passes_on_a_virtual_clock(bench: Bench) -> None:
    instance = await bench.start("an_hour")
    await bench.engine.advance(3599)
    before = bench.engine.status(instance)
    await bench.engine.advance(1)

    ended = await bench.engine.wait(instance)

    assert before.status == "Running"
    assert json.loads(ended.output) == 3600


async def test_a_timer_longer_than_six_days_fires_on_time(bench: Bench) -> None:
    instance = await bench.start("ten_days")
    await bench.engine.advance(10 * 86400)

    ended = await bench.engine.wait(instance)

    assert json.loads(ended.output) == 10 * 86400


async def test_custom_status_and_events_by_client_and_by_webhook(bench: Bench) -> None:
    instance = await bench.start("conversation", {"n": "1"})
    connected = await bench.engine.wait_until(
        instance, lambda i: json.loads(i.custom_status or "{}") == {"state": "connected"}
    )

    await bench.call("POST", f"/api/event/{instance}/turn", json={"t": "by client"})
    await bench.engine.settled()
    await bench.call(
        "POST", f"{DURABLE}/instances/{instance}/raiseEvent/turn", json={"t": "by webhook"}
    )
    await bench.engine.settled()
    await bench.call("POST", f"/api/event/{instance}/bye")

    ended = await bench.engine.wait(instance)
    assert connected.status == "Running"
    # The SDK's client encodes twice, so its events arrive as JSON text.
    assert json.loads(ended.output) == {
        "end": "bye",
        "turns": ['{"t": "by client"}', {"t": "by webhook"}],
    }
    assert json.loads(ended.custom_status) == {"state": "talking", "turns": 2}


async def test_a_conversation_without_words_ends_by_its_timer(bench: Bench) -> None:
    instance = await bench.start("conversation", {"n": "1", "idle": 30})
    await bench.engine.advance(29)
    talking = bench.engine.status(instance)
    await bench.engine.advance(1)

    ended = await bench.engine.wait(instance)

    assert talking.status == "Running"
    assert json.loads(ended.output)["end"] == "idle"


async def test_one_open_waiter_gets_a_burst_of_events_in_order(bench: Bench) -> None:
    instance = await bench.start("collect")
    await bench.engine.settled()

    for n in range(6):
        bench.engine.raise_event(instance, "e", str(n))

    ended = await bench.engine.wait(instance)
    assert json.loads(ended.output) == [0, 1, 2, 3, 4, 5]


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
async def test_early_events_are_repeated_as_the_real_extension_does(bench: Bench) -> None:
    instance = bench.engine.start("early")

    for n in (1, 2, 3):
        bench.engine.raise_event(instance, "e", str(n))

    ended = await bench.engine.wait(instance)
    assert len(set(json.loads(ended.output))) == 1


async def test_a_task_that_is_yielded_again_does_not_end_the_later_yield(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    instance = await bench.start("reuse")
    await bench.engine.settled()
    bench.engine.raise_event(instance, "mail", "1")
    await bench.engine.advance(60)
    stuck = bench.engine.status(instance)
    bench.engine.raise_event(instance, "mail", "2")

    ended = await bench.engine.wait(instance)

    assert stuck.status == "Running"
    warned = [r for r in caplog.records if "has gone on before" in r.message]
    assert {r.waits_for for r in warned} == {"WaitForEvent mail"}
    assert json.loads(ended.output) == "hi late"


async def test_entities_are_signaled_called_and_fail(bench: Bench) -> None:
    ended = await bench.run("use_counter", "k")

    assert json.loads(ended.output) == [7, 7, "bad operation"]


async def test_entities_are_read_signaled_and_deleted_by_clients(bench: Bench) -> None:
    unknown = await bench.call("GET", "/api/counter/k")
    await bench.call("POST", "/api/counter/k", json=3)
    await bench.engine.settled()
    known = await bench.call("GET", "/api/counter/k")
    await bench.call("DELETE", f"{DURABLE}/entities/counter/k")
    await bench.engine.settled()
    deleted = await bench.call("GET", f"{DURABLE}/entities/counter/k")

    assert unknown.json == {"exists": False, "state": None}
    assert known.json == {"exists": True, "state": 3}
    assert deleted.status == 404


async def test_a_failed_orchestration_is_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.run("failing")

    failures = [r for r in caplog.records if r.levelname in ("ERROR", "WARNING")]
    assert [(r.message, r.function) for r in failures] == [("orchestration failed", "failing")]


async def test_no_more_activities_run_at_once_than_host_json_allows(bench: Bench) -> None:
    ended = await bench.run("crowd", 9)

    assert json.loads(ended.output) == 9
    assert bench.app.CROWD["most"] == 4


async def test_a_blocking_activity_does_not_stop_the_host(bench: Bench) -> None:
    instance = await bench.start("blocked")

    answer = await bench.call("GET", "/api/items/latest")
    still = bench.engine.status(instance)
    await bench.call("POST", "/api/release")

    ended = await bench.engine.wait(instance)
    assert (answer.status, still.status) == (200, "Running")
    assert json.loads(ended.output) == "released"


async def test_the_result_of_a_purged_orchestrations_activity_is_dropped(bench: Bench) -> None:
    await bench.start("blocked", instance="gone")
    bench.engine.terminate("gone", "enough")
    await bench.engine.wait("gone")
    bench.engine.purge("gone")

    await bench.call("POST", "/api/release")
    await bench.engine.settled()

    assert bench.engine.status("gone") is None
    assert bench.engine.store.waiting_instances() == []
    assert bench.engine.store.waiting_work() == []


async def test_changed_code_against_an_old_history_fails_loudly(bench: Bench) -> None:
    instance = await bench.start("changed")
    await bench.engine.settled()

    bench.app.VERSION["changed"] = 2
    bench.engine.raise_event(instance, "go", "1")

    ended = await bench.engine.wait(instance)
    assert ended.status == "Failed"
    assert "Non-Deterministic workflow detected" in json.loads(ended.output)


async def test_ids_and_times_are_the_same_in_every_replay(bench: Bench) -> None:
    first = await bench.run("chain", instance="same")
    history = bench.engine.history("same")

    kinds = [e["EventType"] for e in history]

    assert kinds == [12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 13]
    assert len(json.loads(first.output)[2]) == 36
