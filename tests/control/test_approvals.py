"""What a tool asks a person for is decided once, done once and told once."""

import asyncio
import json

import pytest

from adapters.customers import SqliteCustomers
from core import facts as f
from core import session as s
from tests.bank import TODAY
from tests.control.stack import CALLED, CALLER, stack
from tests.control.test_calls import written

ASKED = f.ApprovalRequested(
    request_id="r1",
    tool="refund_fee",
    agent="BankingConcierge",
    subject="the refund of your wire transfer fee",
    details={"client_id": "emily_chen", "transaction_id": "emily_chen-1", "amount_cents": 6500},
)
YES = {"decision": "approve", "name": "Kim Doe", "reason": "good customer"}
NO = {"decision": "deny", "name": "Kim Doe", "reason": "too much"}


async def asked(it, *facts):
    """Let a call come up in which a person is asked; return it, its session and the approval."""
    call = await it.simulator.ring(from_=CALLER, to=CALLED)
    session = await it.relay.session()
    await call.until("connected")
    await it.relay.report(session, *(facts or (ASKED,)))
    _, listed = await it.get("api/v1/approvals?status=open")
    return call, session, listed["approvals"][0]


async def settled(it, approval):
    async with asyncio.timeout(60):
        await it.host.engine.wait(approval["id"])
        await it.settled()


def balance(it):
    customers = SqliteCustomers(it.plane.settings.customers_path, today=TODAY)
    return customers.accounts("emily_chen")[0].balance


async def test_an_approved_action_is_done_once_and_told_to_the_relay(tmp_path):
    async with stack(tmp_path) as it:
        before = balance(it)
        _, session, approval = await asked(it)
        await it.host.engine.wait_until(approval["id"], lambda found: found.status == "Running")

        first = await it.post(f"api/v1/approvals/{approval['id']}", json=YES)
        second = await it.post(f"api/v1/approvals/{approval['id']}", json=NO)
        await settled(it, approval)
        told = await it.relay.beat(s.LiveCall(call_id=session.call_id, epoch=session.epoch))
        _, listed = await it.get("api/v1/approvals?status=approved")

        assert approval["subject"] == ASKED.subject
        assert approval["details"]["amount_cents"] == 6500
        assert (first[0], second[0]) == (200, 409)
        assert balance(it) - before == 65_00
        (directive,) = told.directives
        assert (directive.kind, directive.ref) == ("approval_decided", "r1")
        assert (directive.decided.decision, directive.decided.by) == ("approved", "Kim Doe")
        assert directive.decided.text == "sixty-five dollars went back to the account."
        (shown,) = listed["approvals"]
        assert (shown["outcome"], shown["decided_by"]) == ("done", "Kim Doe")
        live = written(tmp_path, "hub.db*")
    for word in (ASKED.subject, "Kim Doe", "good customer", "emily_chen", "wire"):
        assert word not in live


async def test_what_was_denied_is_told_and_not_done(tmp_path):
    async with stack(tmp_path) as it:
        before = balance(it)
        _, session, approval = await asked(it)

        await it.post(f"api/v1/approvals/{approval['id']}", json=NO)
        await settled(it, approval)
        told = await it.relay.beat(s.LiveCall(call_id=session.call_id, epoch=session.epoch))

        assert balance(it) == before
        assert told.directives[0].decided.decision == "denied"
        assert told.directives[0].decided.reason == "too much"


async def test_what_is_approved_after_the_call_is_done_and_recorded(tmp_path):
    async with stack(tmp_path) as it:
        before = balance(it)
        call, session, approval = await asked(it)
        call.hang_up()
        await it.over(session.call_id)

        await it.post(f"api/v1/approvals/{approval['id']}", json=YES)
        await settled(it, approval)
        _, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert balance(it) - before == 65_00
        decided = [fact for fact in record["timeline"] if fact["kind"] == "approval_decided"]
        assert [(fact["decision"], fact["ok"]) for fact in decided] == [("approved", True)]


async def test_what_was_decided_after_the_call_is_no_next_action_any_more(tmp_path):
    async with stack(tmp_path) as it:
        call, session, approval = await asked(it)
        where = f"api/v1/calls/{session.call_id}"
        call.hang_up()
        await it.over(session.call_id)
        await it.over(f"{session.call_id}:wrap_up")
        _, before = await it.get(where)
        await it.post(f"api/v1/approvals/{approval['id']}", json=YES)
        await settled(it, approval)
        _, after = await it.get(where)
        text = await it.plane.blobs.get(f"transcripts/{session.call_id}.md")
        kept = await it.plane.blobs.get(f"analysis/{session.call_id}.json")

        assert before["wrap_up"]["next_action"] == f"Decide about {ASKED.subject}."
        assert after["wrap_up"]["next_action"] == ""
        (decision,) = after["decisions"]
        assert (decision["subject"], decision["decision"]) == (ASKED.subject, "approved")
        assert f"*A person about {ASKED.subject}: approved, and done. good" in text.decode()
        assert json.loads(kept)["decisions"] == [decision]


async def test_a_request_that_comes_after_the_calls_end_is_put_to_a_person(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        call.hang_up()
        await it.over(session.call_id)

        await it.relay.report(session, ASKED)
        _, listed = await it.get("api/v1/approvals")
        (approval,) = listed["approvals"]
        await it.post(f"api/v1/approvals/{approval['id']}", json=NO)
        await settled(it, approval)

        assert it.host.engine.status(approval["id"]).status == "Completed"


async def test_another_relay_that_asks_the_same_again_asks_once(tmp_path):
    async with stack(tmp_path) as it:
        _, session, approval = await asked(it)

        await it.relay.report(session, ASKED)
        await it.settled()
        _, listed = await it.get("api/v1/approvals")

        assert [each["id"] for each in listed["approvals"]] == [approval["id"]]


async def test_words_that_may_not_stay_leave_an_approval_once_it_is_told(tmp_path):
    async with stack(tmp_path, KEEP_TRANSCRIPT="false") as it:
        before = balance(it)
        call, session, approval = await asked(it)
        call.hang_up()
        await it.over(session.call_id)
        await it.post(f"api/v1/approvals/{approval['id']}", json=YES)
        await settled(it, approval)
        _, listed = await it.get("api/v1/approvals")
        page = await it.plane.store.log(session.call_id)

        assert balance(it) - before == 65_00
        assert (listed["approvals"][0]["subject"], listed["approvals"][0]["details"]) == ("", {})
        kept = [entry.fact for entry in page.entries if "approval" in entry.fact.kind]
        assert [fact.subject for fact in kept] == ["", ""]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"decision": "perhaps", "name": "Kim"}, 400),
        ({"decision": "approve"}, 400),
        ({"decision": "approve", "name": "  "}, 400),
        ({"decision": "approve", "name": "K" * 101}, 400),
        ({"decision": ["approve"], "name": "Kim"}, 400),
        ([], 400),
        (YES, 404),
    ],
)
async def test_a_bad_decision_is_a_problem(tmp_path, body, status):
    async with stack(tmp_path) as it:
        answer = await it.post("api/v1/approvals/nothing", json=body)

    assert (answer[0], answer[1]["status"]) == (status, status)


async def test_approvals_come_in_pages_newest_first(tmp_path):
    async with stack(tmp_path) as it:
        requests = [
            f.ApprovalRequested(request_id=f"r{n}", tool="refund_fee", subject=f"thing {n}")
            for n in range(3)
        ]
        await asked(it, *requests)

        _, one = await it.get("api/v1/approvals?limit=2")
        _, two = await it.get(f"api/v1/approvals?limit=2&continuation={one['continuation']}")
        strange = [
            (await it.get(f"api/v1/approvals?{query}"))[0]
            for query in ("status=new", "limit=0", "continuation=x")
        ]

    assert {each["subject"] for each in one["approvals"] + two["approvals"]} == {
        "thing 0", "thing 1", "thing 2",
    }  # fmt: skip
    assert (two["continuation"], strange) == (None, [400, 400, 400])


async def test_a_relay_may_not_ask_with_words_for_an_id_or_without_end(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        bad = [
            f.ApprovalRequested(request_id="give me money", tool="refund_fee"),
            f.ApprovalRequested(request_id="r", tool="t", subject="x" * 301),
            f.ApprovalRequested(request_id="r", tool="t", details={"much": "x" * 9000}),
        ]

        answers = []
        for fact in bad:
            report = s.Report(epoch=1, events=(s.Reported(seq=1, at=0.0, fact=fact),))
            answers.append(
                await it.relay.post(
                    f"calls/{session.call_id}/events",
                    s.REPORT.dump_json(report),
                    {"x-session-token": session.token},
                )
            )

    assert [status for status, _ in answers] == [400, 400, 400]
