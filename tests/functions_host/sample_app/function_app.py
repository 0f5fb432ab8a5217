"""A Functions app with one of everything that the local development host runs."""

import asyncio
import json
import threading
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

SEEN: list[tuple[str, str]] = []
ATTEMPTS: dict[str, int] = {}
VERSION = {"changed": 1}
CROWD = {"now": 0, "most": 0}
RELEASED = threading.Event()
BEGUN, GO_ON = asyncio.Event(), asyncio.Event()


# ---- HTTP


@app.route(route="hello/{name?}", methods=["GET", "POST"])
def hello(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    body = {
        "name": req.route_params.get("name"),
        "query": dict(req.params),
        "body": req.get_body().decode(),
        "invoked": bool(context.invocation_id),
    }
    return func.HttpResponse(
        json.dumps(body), mimetype="application/json", headers={"x-sample": "1"}
    )


@app.route(route="items/{id:int}", methods=["GET"])
def item(req: func.HttpRequest) -> str:
    return "item " + req.route_params["id"]


@app.route(route="items/latest", methods=["GET"])
def latest(req: func.HttpRequest) -> str:
    return "latest"


@app.route(route="broken")
def broken(req: func.HttpRequest) -> str:
    raise RuntimeError("secret detail")


@app.route(route="guarded", auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> str:
    return "inside"


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    content = json.loads(req.get_body() or b"null")
    try:
        instance = await client.start_new(
            req.route_params["name"], instance_id=req.params.get("id"), client_input=content
        )
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing finer
        return func.HttpResponse(str(error), status_code=409)
    return client.create_check_status_response(req, instance)


@app.route(route="patient/{instance}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def patient(req: func.HttpRequest, client: Any) -> str:
    BEGUN.set()
    await GO_ON.wait()
    return str(await client.start_new("chain", instance_id=req.route_params["instance"]))


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_patient(event: func.EventGridEvent, client: Any) -> None:
    BEGUN.set()
    await GO_ON.wait()
    await client.start_new("chain", instance_id=event.get_json()["n"])


@app.route(route="event/{instance}/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def raise_event(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    content = json.loads(req.get_body() or b"null")
    try:
        await client.raise_event(req.route_params["instance"], req.route_params["name"], content)
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing finer
        return func.HttpResponse(str(error), status_code=409)
    return func.HttpResponse(status_code=202)


@app.route(route="client/{instance}/{verb}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def manage(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    instance = req.route_params["instance"]
    match req.route_params["verb"]:
        case "status":
            status = await client.get_status(instance)
            return func.HttpResponse(status.runtime_status.name if status else "unknown")
        case "terminate":
            await client.terminate(instance, "by client")
        case "suspend":
            await client.suspend(instance, "by client")
        case "resume":
            await client.resume(instance, "by client")
        case "restart":
            await client.restart(instance)
        case "purge":
            purged = await client.purge_instance_history(instance)
            return func.HttpResponse(str(purged.instances_deleted))
        case "all":
            return func.HttpResponse(str(len(await client.get_status_all())))
        case _:
            pass
    return func.HttpResponse(status_code=202)


@app.route(route="counter/{key}", methods=["GET", "POST"])
@app.durable_client_input(client_name="client")
async def counter_door(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    entity = df.EntityId("counter", req.route_params["key"])
    if req.method == "POST":
        await client.signal_entity(entity, "add", json.loads(req.get_body()))
        return func.HttpResponse(status_code=202)
    found = await client.read_entity_state(entity)
    return func.HttpResponse(
        json.dumps({"exists": found.entity_exists, "state": found.entity_state})
    )


# ---- Event Grid and timer


@app.event_grid_trigger(arg_name="event")
@app.durable_client_input(client_name="client")
async def on_call(event: func.EventGridEvent, client: Any) -> None:
    data = event.get_json()
    if data.get("fail"):
        raise RuntimeError("refused")
    SEEN.append(("eventgrid", event.event_type))
    await client.start_new("conversation", instance_id="call-" + data["n"], client_input=data)


@app.event_grid_trigger(arg_name="event")
def on_cloud_event(event: func.CloudEvent) -> None:
    SEEN.append(("cloudevents", event.type))


@app.timer_trigger(schedule="0 0 * * * *", arg_name="timer")
def hourly(timer: func.TimerRequest) -> None:
    SEEN.append(("timer", str(timer.past_due)))


# ---- activities


@app.activity_trigger(input_name="name")
def say(name: str) -> str:
    return f"hi {name}"


@app.activity_trigger(input_name="job")
async def flaky(job: dict) -> str:
    ATTEMPTS[job["key"]] = ATTEMPTS.get(job["key"], 0) + 1
    if ATTEMPTS[job["key"]] <= job["fails"]:
        raise ValueError(f"boom {ATTEMPTS[job['key']]}")
    return f"ok after {ATTEMPTS[job['key']]}"


@app.activity_trigger(input_name="x")
async def be_in_a_crowd(x: int) -> int:
    CROWD["now"] += 1
    CROWD["most"] = max(CROWD["most"], CROWD["now"])
    for _ in range(5):
        await asyncio.sleep(0)
    CROWD["now"] -= 1
    return x


@app.activity_trigger(input_name="x")
def block(x: str) -> str:
    return "released" if RELEASED.wait(5) else "never"


@app.route(route="release", methods=["POST"])
def release(req: func.HttpRequest) -> str:
    RELEASED.set()
    return "done"


# ---- orchestrators


def task_of(context: df.DurableOrchestrationContext, step: list[Any], name: str) -> Any:
    match step:
        case ["say"]:
            return context.call_activity("say", name)
        case ["retry", fails, attempts]:
            job = {"key": name, "fails": fails}
            return context.call_activity_with_retry("flaky", df.RetryOptions(1000, attempts), job)
        case ["timer", seconds]:
            return context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
        case ["child", steps]:
            return context.call_sub_orchestrator("program", {"steps": steps, "name": name})
        case ["entity"]:
            return context.call_entity(df.EntityId("counter", name), "add", 1)
        case [kind, steps]:
            tasks = [task_of(context, s, f"{name}.{n}") for n, s in enumerate(steps)]
            return context.task_all(tasks) if kind == "all" else context.task_any(tasks)


@app.orchestration_trigger(context_name="context")
def program(context: df.DurableOrchestrationContext):
    """Does what its input tells; answers for each step whether it went well."""
    given = context.get_input()
    went_well = []
    for n, step in enumerate(given["steps"]):
        if step == ["signal"]:
            context.signal_entity(df.EntityId("counter", given["name"]), "add", 1)
            continue
        try:
            yield task_of(context, step, f"{given['name']}.{n}")
            went_well.append(True)
        except Exception:  # noqa: BLE001 - the SDK raises nothing finer
            went_well.append(False)
    return went_well


@app.orchestration_trigger(context_name="context")
def crowd(context: df.DurableOrchestrationContext):
    calls = [context.call_activity("be_in_a_crowd", n) for n in range(context.get_input())]
    return len((yield context.task_all(calls)))


@app.orchestration_trigger(context_name="context")
def blocked(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("block", "x"))


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext):
    a = yield context.call_activity("say", "a")
    b = yield context.call_activity("say", a)
    return [a, b, context.new_uuid(), str(context.new_guid())]


@app.orchestration_trigger(context_name="context")
def fan(context: df.DurableOrchestrationContext):
    return (yield context.task_all([context.call_activity("say", str(i)) for i in range(5)]))


@app.orchestration_trigger(context_name="context")
def first_of(context: df.DurableOrchestrationContext):
    slow = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    quick = context.call_activity("say", "quick")
    won = yield context.task_any([slow, quick])
    slow.cancel()
    after = yield context.call_activity("say", "after")
    return [won == quick, after]


@app.orchestration_trigger(context_name="context")
def retry(context: df.DurableOrchestrationContext):
    given = context.get_input()
    options = df.RetryOptions(1000, given["attempts"])
    jobs = [
        {"key": context.instance_id + "A", "fails": given["fails"]},
        {"key": context.instance_id + "B", "fails": 0},
    ]
    return (
        yield context.task_all(
            [context.call_activity_with_retry("flaky", options, job) for job in jobs]
        )
    )


@app.orchestration_trigger(context_name="context")
def retry_child(context: df.DurableOrchestrationContext):
    options = df.RetryOptions(1000, 2)
    try:
        yield context.call_sub_orchestrator_with_retry("failing", options, {"why": "x"})
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing finer
        after = yield context.call_activity("say", "after")
        return ["caught", "on purpose" in str(error), after]


@app.orchestration_trigger(context_name="context")
def conversation(context: df.DurableOrchestrationContext):
    given = context.get_input()
    context.set_custom_status({"state": "ringing"})
    yield context.call_activity("say", given["n"])
    context.set_custom_status({"state": "connected"})
    turns = []
    while True:
        turn = context.wait_for_external_event("turn")
        bye = context.wait_for_external_event("bye")
        idle = context.create_timer(
            context.current_utc_datetime + timedelta(seconds=given.get("idle", 60))
        )
        won = yield context.task_any([turn, bye, idle])
        if won == idle:
            return {"end": "idle", "turns": turns}
        idle.cancel()
        if won == bye:
            return {"end": "bye", "turns": turns}
        turns.append(turn.result)
        context.set_custom_status({"state": "talking", "turns": len(turns)})


@app.orchestration_trigger(context_name="context")
def parent(context: df.DurableOrchestrationContext):
    first = yield context.call_sub_orchestrator("chain", None)
    try:
        second = yield context.call_sub_orchestrator(
            "failing", {"why": "x"}, context.instance_id + "-child"
        )
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing finer
        second = str(error)
    return {"first": first[:2], "second": second}


@app.orchestration_trigger(context_name="context")
def lost_child(context: df.DurableOrchestrationContext):
    yield context.call_sub_orchestrator("no_such_orchestrator", None)


@app.orchestration_trigger(context_name="context")
def failing(context: df.DurableOrchestrationContext):
    yield context.call_activity("say", "z")
    raise RuntimeError("failed on purpose")


@app.orchestration_trigger(context_name="context")
def lost_activity(context: df.DurableOrchestrationContext):
    yield context.call_activity("no_such_activity", 1)


@app.orchestration_trigger(context_name="context")
def eternal(context: df.DurableOrchestrationContext):
    generation = context.get_input() or 0
    stale = context.create_timer(context.current_utc_datetime + timedelta(seconds=2))
    activity = context.call_activity("say", f"generation {generation}")
    won = yield context.task_any([activity, stale])
    if generation >= 3:
        return {"generations": generation, "won": "activity" if won == activity else "timer"}
    context.continue_as_new(generation + 1)


@app.orchestration_trigger(context_name="context")
def use_counter(context: df.DurableOrchestrationContext):
    entity = df.EntityId("counter", context.get_input())
    context.signal_entity(entity, "add", 5)
    added = yield context.call_entity(entity, "add", 2)
    got = yield context.call_entity(entity, "get")
    try:
        yield context.call_entity(entity, "bad")
    except Exception as error:  # noqa: BLE001 - the SDK raises nothing finer
        return [added, got, str(error)]


@app.orchestration_trigger(context_name="context")
def wait_for_go(context: df.DurableOrchestrationContext):
    yield context.wait_for_external_event("go")
    return "went"


@app.orchestration_trigger(context_name="context")
def collect(context: df.DurableOrchestrationContext):
    """One waiter is open all the time, as SDK 1.7 needs it to lose nothing."""
    got = []
    while len(got) < 6:
        got.append((yield context.wait_for_external_event("e")))
    return got


@app.orchestration_trigger(context_name="context")
def early(context: df.DurableOrchestrationContext):
    """Events that arrive while the activity runs find no waiter."""
    yield context.call_activity("say", "slow")
    first = yield context.wait_for_external_event("e")
    second = yield context.wait_for_external_event("e")
    third = yield context.wait_for_external_event("e")
    return [first, second, third]


@app.orchestration_trigger(context_name="context")
def reuse(context: df.DurableOrchestrationContext):
    """Yields a timer once more beside a new waiter: the trap of SDK 1.x."""
    mail = context.wait_for_external_event("mail")
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    yield context.task_any([mail, timer])
    yield context.task_any([context.wait_for_external_event("mail"), timer])
    return (yield context.call_activity("say", "late"))


@app.orchestration_trigger(context_name="context")
def an_hour(context: df.DurableOrchestrationContext):
    before = context.current_utc_datetime
    yield context.create_timer(before + timedelta(hours=1))
    return (context.current_utc_datetime - before).total_seconds()


@app.orchestration_trigger(context_name="context")
def ten_days(context: df.DurableOrchestrationContext):
    before = context.current_utc_datetime
    yield context.create_timer(before + timedelta(days=10))
    return (context.current_utc_datetime - before).total_seconds()


@app.orchestration_trigger(context_name="context")
def changed(context: df.DurableOrchestrationContext):
    name = "say" if VERSION["changed"] == 1 else "flaky"
    said = yield context.call_activity(name, "x")
    yield context.wait_for_external_event("go")
    return said


@app.orchestration_trigger(context_name="context")
def at_once(context: df.DurableOrchestrationContext):
    return "no yield"


@app.orchestration_trigger(context_name="context")
def web_call(context: df.DurableOrchestrationContext):
    yield context.call_http("GET", "http://127.0.0.1/")


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    total = context.get_state(lambda: 0)
    match context.operation_name:
        case "add":
            total += context.get_input()
            context.set_state(total)
        case "bad":
            raise ValueError("bad operation")
        case "delete":
            context.destruct_on_exit()
            return
        case _:
            pass
    context.set_result(total)
