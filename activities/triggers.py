"""The activity functions of the app. Inputs and results stay in histories: no words, no numbers."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

bp = df.Blueprint()

# What the functions need is imported inside them: the app must start in well under a second.


@bp.activity_trigger(input_name="order")
async def read_log(order: Any) -> Any:
    """Read a page of the log: `{call_id, after}`."""
    from activities.log import read
    from adapters.plane import plane

    return await read(order["call_id"], order["after"], plane())


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def perform(order: Any, client: Any) -> None:
    """Do one command: `{call_id, command}`."""
    from activities.commands import perform as perform_command
    from adapters.durable import DurableCalls
    from adapters.plane import plane
    from core.call import COMMAND

    command = COMMAND.validate_python(order["command"])
    await perform_command(order["call_id"], command, plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
async def append_overdue(order: Any) -> None:
    """Append that a deadline has passed: `{call_id, deadline, due}`."""
    from activities.log import append_overdue as append
    from adapters.plane import plane

    await append(order["call_id"], order["deadline"], order["due"], plane())


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def review_callback(order: Any, client: Any) -> Any:
    """Do what a promised call needs now: `{id}`; when to look again: `{again}`."""
    from activities.callbacks import review
    from adapters.durable import DurableCalls
    from adapters.plane import plane

    return await review(order["id"], plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def review_campaign(order: Any, client: Any) -> Any:
    """Do what a campaign needs now: `{id}`; when to look again: `{again}`."""
    from activities.campaigns import review
    from adapters.durable import DurableCalls
    from adapters.plane import plane

    return await review(order["id"], plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def review_transfer(order: Any, client: Any) -> Any:
    """Do what a transfer needs now: `{id}`; when to look again: `{again}`."""
    from activities.transfers import review
    from adapters.durable import DurableCalls
    from adapters.plane import plane

    return await review(order["id"], plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def review_approval(order: Any, client: Any) -> Any:
    """Do what an approval needs now: `{id}`; when to look again: `{again}`."""
    from activities.approvals import review
    from adapters.durable import DurableCalls
    from adapters.plane import plane

    return await review(order["id"], plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
@bp.durable_client_input(client_name="client")
async def watch_relays(order: Any, client: Any) -> Any:
    """Watch the relays' heartbeats for some seconds: `{since, until}`, or `{}` at first."""
    from activities.monitor import watch
    from adapters.durable import DurableCalls
    from adapters.plane import plane

    return await watch(order, plane(), DurableCalls(client))


@bp.activity_trigger(input_name="order")
async def wrap_up_step(order: Any) -> Any:
    """Do one step of a wrap-up: `{call_id, round, step, last}`; what came of it: `{outcome}`."""
    from activities.wrap_up import step
    from adapters.plane import plane

    done = await step(order["call_id"], order["step"], order["round"], plane(), last=order["last"])
    return {"outcome": done}
