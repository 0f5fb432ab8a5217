"""Supervisors whisper to an agent, and take a call over."""

import pytest

from core import facts as f
from core import session as s
from core.conversation import WHISPERED, rebuild
from localdev.acs_simulator import Behaviour
from tests.control.stack import CALLED, CALLER, DESK, RESOURCE, stack
from tests.control.test_calls import talk, written

NOTE = "the caller may keep the gold card"


def live(session):
    return s.LiveCall(call_id=session.call_id, epoch=session.epoch)


async def directives(it, session):
    """Let the control plane come to rest, and beat once; acknowledge nothing."""
    await it.settled()
    return (await it.relay.beat(live(session))).directives


async def test_a_whisper_reaches_the_relay_and_whoever_goes_on_after_it(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        path = f"api/v1/calls/{session.call_id}/whisper"
        status, answer = await it.post(path, json={"text": f" {NOTE} ", "name": "Kim"})
        (told,) = await directives(it, session)
        await it.relay.sockets[session.call_id].close()
        second = await it.relay.session(2)
        history = written(tmp_path, "hub.db*")

        assert (status, answer["status"]) == (202, "whispering")
        assert (told.kind, told.ref) == ("whisper", answer["id"])
        assert told.whispered == f.Whispered(id=answer["id"], text=NOTE, by="Kim")
        notes = [said.message.text for said in rebuild("A", second.log).said]
        assert notes == [f"{WHISPERED} {NOTE}"]
    assert NOTE not in history


async def test_a_supervisor_takes_a_call_over_once_the_caller_was_told(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        path = f"api/v1/calls/{session.call_id}"
        status, answer = await it.post(f"{path}/take-over", json={"to": "call_center"})
        (told,) = await directives(it, session)
        asked_early = [e for e in call.timeline.entries if e.facts.get("operation")]
        await it.relay.report(session, f.TransferAnnounced(request_id=told.ref))
        await it.over(session.call_id)
        _, record = await it.get(path)

        assert (status, answer["status"], told.ref) == (202, "transferring", answer["id"])
        assert (told.kind, told.text) == (
            "announce", "A colleague of mine takes over now. One moment, please.",
        )  # fmt: skip
        assert "transferToParticipant" not in [e.facts["operation"] for e in asked_early]
        assert (record["outcome"], record["ended_by"]) == ("transferred", "transfer")


async def test_a_supervisor_is_connected_where_he_is_and_his_number_stays_out_of_histories(
    tmp_path,
):
    own = "+15550177"
    allowed = {"OUTBOUND_ENABLED": "true", "OUTBOUND_ALLOWED_PREFIXES": "+1555"}
    async with stack(tmp_path, **allowed) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        path = f"api/v1/calls/{session.call_id}"
        await it.post(f"{path}/take-over", json={"to": own})
        (told,) = await directives(it, session)
        await it.relay.report(session, f.TransferAnnounced(request_id=told.ref))
        accepted = await call.timeline.wait_for("event", type="CallTransferAccepted")
        await it.over(session.call_id)
        _, record = await it.get(path)
        history = written(tmp_path, "hub.db*")

        assert accepted is not None
        assert record["outcome"] == "transferred"
        assert own not in str(record)
    assert own not in history


@pytest.mark.parametrize(
    ("door", "body", "status"),
    [
        ("whisper", {"text": "  "}, 400),
        ("whisper", {"text": "x" * 501}, 400),
        ("whisper", {}, 400),
        ("take-over", {}, 400),
        ("take-over", {"to": "a desk"}, 400),
        ("take-over", {"to": "nobody"}, 404),
        ("take-over", {"to": DESK}, 403),
        ("take-over", {"to": "8:acs:somebody-else_1"}, 403),
    ],
)
async def test_an_order_that_cannot_be_followed_is_a_problem(tmp_path, door, body, status):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)

        answer = await it.post(f"api/v1/calls/{session.call_id}/{door}", json=body)

        assert (answer[0], answer[1]["status"]) == (status, status)


async def test_a_call_that_is_over_or_unknown_takes_no_orders(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await talk(it, call)
        call.hang_up()
        await it.over(session.call_id)
        path = f"api/v1/calls/{session.call_id}"

        over = [
            (await it.post(f"{path}/whisper", json={"text": NOTE}))[0],
            (await it.post(f"{path}/take-over", json={"to": f"8:acs:{RESOURCE}_kim"}))[0],
        ]
        unknown = (await it.post("api/v1/calls/nobody/whisper", json={"text": NOTE}))[0]

        assert (over, unknown) == ([409, 409], 404)


async def test_a_call_that_is_being_transferred_is_not_taken_over(tmp_path):
    async with stack(tmp_path) as it:
        it.simulator.numbers[DESK] = Behaviour(delay_s=5.0)
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        wish = f.TransferRequested(request_id="t1", target="call_center")
        session = await talk(it, call, wish)

        answer = await it.post(
            f"api/v1/calls/{session.call_id}/take-over", json={"to": "call_center"}
        )

        assert answer[0] == 409
