"""What our side still owes a caller, counted up from the facts of the call."""

from core import facts as f
from core.wrap_up import count_up

CALL_BACK = f.CallbackRequested(request_id="c1", at=9e9, topic="cards")
ASK = f.ApprovalRequested(
    request_id="a1", tool="refund_fee", agent="A", subject="the refund", details={}
)
DECIDED = f.ApprovalDecided(request_id="a1", decision="approved", ok=True, subject="the refund")


def owed(*facts: f.Fact) -> str:
    entries = [
        f.LogEntry(n=n, at=float(n), source="t", source_id=str(n), fact=fact)
        for n, fact in enumerate(facts, 1)
    ]
    return count_up(entries, ()).next_action


def test_a_promised_call_and_an_open_question_are_owed():
    assert owed(ASK, CALL_BACK) == "Decide about the refund. Call back about cards."


def test_a_topic_that_is_a_sentence_ends_with_one_stop():
    assert owed(f.CallbackRequested(request_id="c1", at=9e9, topic="My card.")) == (
        "Call back about My card."
    )


def test_what_was_decided_is_not_owed():
    assert owed(ASK, CALL_BACK, DECIDED) == "Call back about cards."


def test_a_call_that_the_caller_does_not_want_any_more_is_not_owed():
    assert owed(CALL_BACK, ASK, f.CallbacksDropped()) == "Decide about the refund."


def test_a_call_that_is_promised_again_is_owed():
    again = f.CallbackRequested(request_id="c2", at=9e9)

    assert owed(CALL_BACK, f.CallbacksDropped(), again) == "Call back."
