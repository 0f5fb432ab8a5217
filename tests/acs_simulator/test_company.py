"""People who are rung into a call, and who is on hold: the real SDK against the simulator."""

from __future__ import annotations

from typing import Any

import pytest
from azure.communication.callautomation import FileSource, PhoneNumberIdentifier
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import HttpResponseError

from localdev.acs_simulator import Behaviour, Manner, Simulator
from tests.acs_simulator.conftest import Bench

PERSON = PhoneNumberIdentifier("+15550142")
CALLER = PhoneNumberIdentifier("+15550100")
BUSY = Behaviour(manner=Manner.BUSY, delay_s=0.0)
SLOW = Behaviour(delay_s=60.0)


async def up(bench: Bench) -> tuple[Simulator, Any, Any]:
    """Return a simulator, a call that is up and its connection."""
    simulator = await bench.simulator(transfer_delay_s=0.0)
    client: CallAutomationClient = await bench.client(simulator)
    call, _ = await bench.answered(simulator, client)
    await call.until("connected")
    return simulator, call, client.get_call_connection(call.connection_id)


async def addresses(connection: Any) -> dict[str, bool]:
    """Return who is in the call, and whether on hold."""
    return {p.identifier.raw_id: p.is_on_hold async for p in connection.list_participants()}


async def test_a_person_is_rung_into_the_call(bench: Bench) -> None:
    _, call, connection = await up(bench)

    added = await connection.add_participant(
        PERSON, operation_context="t", sip_headers={"X-MS-Custom-About": "a card"}
    )
    joined = (await bench.app.event("AddParticipantSucceeded"))["data"]

    assert added.invitation_id
    assert (joined["operationContext"], joined["participant"]["rawId"]) == ("t", "4:+15550142")
    assert "4:+15550142" in await addresses(connection)
    (invited,) = [e.facts for e in call.timeline.entries if e.kind == "invited"]
    assert invited["headers"] == {"X-MS-Custom-About": "a card"}


async def test_a_person_who_does_not_come_is_reported(bench: Bench) -> None:
    simulator, _, connection = await up(bench)
    simulator.numbers["+15550142"] = BUSY

    await connection.add_participant(PERSON, operation_context="t")
    failed = (await bench.app.event("AddParticipantFailed"))["data"]

    assert (failed["operationContext"], failed["resultInformation"]["code"]) == ("t", 486)
    assert "4:+15550142" not in await addresses(connection)


async def test_an_invitation_is_taken_back_while_it_rings_and_not_after(bench: Bench) -> None:
    simulator, _, connection = await up(bench)
    simulator.numbers["+15550142"] = SLOW
    added = await connection.add_participant(PERSON)

    await connection.cancel_add_participant_operation(added.invitation_id, operation_context="c")
    cancelled = (await bench.app.event("CancelAddParticipantSucceeded"))["data"]
    with pytest.raises(HttpResponseError) as refused:
        await connection.cancel_add_participant_operation(added.invitation_id)

    assert cancelled["invitationId"] == added.invitation_id
    assert refused.value.status_code == 400


async def test_a_person_is_put_out_of_the_call(bench: Bench) -> None:
    _, _, connection = await up(bench)
    await connection.add_participant(PERSON)
    await bench.app.event("AddParticipantSucceeded")

    await connection.remove_participant(PERSON)
    await bench.app.event("RemoveParticipantSucceeded")

    assert "4:+15550142" not in await addresses(connection)


async def test_a_held_caller_is_shown_as_held(bench: Bench) -> None:
    _, _, connection = await up(bench)

    await connection.hold(CALLER, play_source=FileSource(url="http://127.0.0.1:1/nothing.wav"))
    held = await addresses(connection)
    await connection.unhold(CALLER)

    assert held["4:+15550100"]
    assert not (await addresses(connection))["4:+15550100"]


async def test_a_caller_who_leaves_company_behind_does_not_end_the_call(bench: Bench) -> None:
    _, call, connection = await up(bench)
    await connection.add_participant(PERSON)
    await bench.app.event("AddParticipantSucceeded")

    call.hang_up()
    left = await addresses(connection)
    await connection.hang_up(is_for_everyone=True)
    await bench.app.event("CallDisconnected")

    assert "4:+15550100" not in left
    assert "4:+15550142" in left


async def test_headers_beyond_the_limits_are_refused(bench: Bench) -> None:
    _, _, connection = await up(bench)
    too_many = {f"X-MS-Custom-{n}": "x" for n in range(6)}

    for headers in (too_many, {"X-MS-Custom-a": "x" * 257}, {"Via": "x"}):
        with pytest.raises(HttpResponseError) as refused:
            await connection.add_participant(PERSON, sip_headers=headers)
        assert refused.value.status_code == 400
