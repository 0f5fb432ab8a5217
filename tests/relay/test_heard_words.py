"""What was heard of the replies of one turn, as facts tell it and another relay takes it up."""

from hypothesis import given
from hypothesis import strategies as st

from core.chat import AgentSaid
from core.conversation import apply, begin
from core.facts import AgentHeard
from media_relay.turn_record import TurnRecord, record_of

PIECES = st.tuples(st.sampled_from(["Ann", "Bob"]), st.sampled_from(["One.", "Two three.", "Four"]))
REPLIES = st.lists(
    st.tuples(st.lists(PIECES, min_size=1, max_size=4), st.booleans()), min_size=1, max_size=4
)


def test_where_replies_of_a_turn_were_cut_is_told_of_each_agent():
    record = TurnRecord(turn=1)
    record.keep([("Ann", "You have"), ("Bob", "I am"), ("Bob", "just")], cut=True)
    record.keep([("Bob", "Are you there?")])

    assert record.heard_facts([("Ann", "Hello?")]) == [
        AgentHeard(turn=1, agent="Bob", text="I am just Are you there?", done=True, cuts=(9,)),
        AgentHeard(turn=1, agent="Ann", text="You have Hello?"),
    ]


@given(REPLIES)
def test_another_relay_knows_what_was_heard_and_where_it_was_cut(replies):
    record, conversation = TurnRecord(turn=0), begin("Ann")
    for heard, cut in replies:
        record.keep(heard, cut=cut)
        for fact in record.heard_facts(done=True):
            conversation = apply(conversation, fact)

    facts = record_of(conversation).heard_facts(done=True)

    assert facts == record.heard_facts(done=True)
    assert [entry.message for entry in conversation.said] == [
        AgentSaid(text=fact.text, agent=fact.agent, cut=fact.cut, cuts=fact.cuts) for fact in facts
    ]
    cuts = sum(len(fact.cuts) + fact.cut for fact in facts)
    assert cuts == sum(cut for _, cut in replies)
