"""The orchestrator functions of the app. Their names are for ever: what changes gets a new one."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def call(context: df.DurableOrchestrationContext) -> Any:
    """Run one call from its ring to its archive."""
    from orchestrators.call import run_call  # with it comes pydantic; not before the first call

    return (yield from run_call(context))


@bp.orchestration_trigger(context_name="context")
def approval(context: df.DurableOrchestrationContext) -> Any:
    """Have a person decide, and do what was approved."""
    from orchestrators.promise import run_promise

    return (yield from run_promise(context, "review_approval"))


@bp.orchestration_trigger(context_name="context")
def campaign(context: df.DurableOrchestrationContext) -> Any:
    """Call many people, a few at once."""
    from orchestrators.promise import run_promise

    # A thousand calls are looked at some thousand times: a history stays at some hundred events.
    return (yield from run_promise(context, "review_campaign", lives=100))


@bp.orchestration_trigger(context_name="context")
def human_transfer(context: df.DurableOrchestrationContext) -> Any:
    """Connect a caller to a person, or give him back to his agent."""
    from orchestrators.promise import run_promise

    return (yield from run_promise(context, "review_transfer"))


@bp.orchestration_trigger(context_name="context")
def callback(context: df.DurableOrchestrationContext) -> Any:
    """Call somebody back when it was promised."""
    from orchestrators.promise import run_promise

    return (yield from run_promise(context, "review_callback"))


@bp.orchestration_trigger(context_name="context")
def monitor(context: df.DurableOrchestrationContext) -> Any:
    """Miss relays that say nothing any more, while calls live."""
    from orchestrators.monitor import run_monitor

    return (yield from run_monitor(context))


@bp.orchestration_trigger(context_name="context")
def wrap_up(context: df.DurableOrchestrationContext) -> Any:
    """Make something of a call that is over."""
    from orchestrators.wrap_up import run_wrap_up

    return (yield from run_wrap_up(context))
