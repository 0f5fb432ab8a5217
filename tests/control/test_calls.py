"""Whole calls, from the ring to the record, through every door they really use."""

from core import facts as f
from tests.control.stack import CALLED, CALLER, stack


async def test_a_call_is_answered_talked_in_and_kept(tmp_path):
    async with stack(tmp_path) as it:
        call = await it.simulator.ring(from_=CALLER, to=CALLED)
        session = await it.relay.session()
        await call.until("connected")
        await it.relay.report(
            session,
            f.CallerSaid(turn=1, text="what is my balance"),
            f.TurnDone(
                turn=1,
                agent="BankingConcierge",
                caller="what is my balance",
                reply="You have ten dollars.",
                heard="You have ten dollars.",
            ),
        )
        call.hang_up()
        await it.over(session.call_id)
        status, record = await it.get(f"api/v1/calls/{session.call_id}")

        assert status == 200
        assert record["outcome"] == "completed"
        assert record["ended_by"] == "caller"
        assert [turn["caller"] for turn in record["turns"]] == ["what is my balance"]
        assert record["caller"] == "*******00"
