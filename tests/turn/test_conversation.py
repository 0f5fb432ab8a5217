"""A conversation is a fold over facts: live and rebuilt are the same."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core import facts as f
from core.chat import AgentSaid, Note, ToolReturned, ToolsCalled, UserSaid
from core.conversation import UNFINISHED, apply, begin, rebuild
from core.facts import ENTRIES, LogEntry
from core.tools import HandOff, HangUp, TransferCall

TURNS = st.integers(0, 4)
TEXTS = st.sampled_from(["", "one", "one two", "one two three"])
AGENTS = st.sampled_from(["Ann", "Bob"])
EFFECTS = st.sampled_from([HandOff(to_agent="Bob"), TransferCall(target="desk"), HangUp()])
IDS = st.sampled_from(["1-1", "1-2", "1-3"])
FACTS = st.one_of(
    st.builds(f.CallerSaid, turn=TURNS, text=TEXTS, interrupted=st.booleans()),
    st.builds(
        f.AgentHeard, turn=TURNS, agent=AGENTS, text=TEXTS, done=st.booleans(), cut=st.booleans()
    ),
    st.builds(
        f.ToolStarted,
        turn=TURNS,
        id=IDS,
        name=st.just("pay"),
        arguments=st.just({"a": 1}),
        key=st.sampled_from(["", "k"]),
    ),
    st.builds(
        f.ToolFinished,
        turn=TURNS,
        id=IDS,
        name=st.just("pay"),
        ok=st.booleans(),
        effects=st.lists(EFFECTS, max_size=2).map(tuple),
    ),
    st.builds(
        f.Remembered,
        slots=st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)),
        agent=st.sampled_from(["", "Ann", "Bob"]),
    ),
    st.builds(
        f.HandedOff, from_agent=AGENTS, to_agent=AGENTS, turn=TURNS, share_context=st.booleans()
    ),
    st.builds(f.TransferRequested, request_id=st.just("t"), target=st.just("desk")),
    st.builds(f.TransferFailed),
    st.builds(f.SessionOpened, epoch=st.just(1), relay_id=st.just("r")),
)


def log_of(facts, *, late=False):
    return tuple(
        LogEntry(n=n, at=0.0, source="s", source_id=str(n), fact=fact, late=late)
        for n, fact in enumerate(facts, 1)
    )


def told(*facts):
    return rebuild("Ann", log_of(facts))


@given(st.lists(FACTS, max_size=30))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_what_a_log_tells_is_what_the_live_call_knew(facts):
    live = begin("Ann")
    for fact in facts:
        live = apply(live, fact)

    sent = ENTRIES.dump_json(log_of(facts))

    assert rebuild("Ann", ENTRIES.validate_json(sent)) == live


@given(st.lists(FACTS, max_size=30), st.lists(FACTS, max_size=10))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_what_a_replaced_relay_still_says_changes_nothing(facts, late):
    assert rebuild("Ann", (*log_of(facts), *log_of(late, late=True))) == told(*facts)


@given(st.lists(FACTS, max_size=30))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_tool_call_a_model_reads_has_exactly_its_answers(facts):
    ids = [fact.id for fact in facts if isinstance(fact, f.ToolStarted)]
    if len(set(ids)) < len(ids):
        return  # ids are unique in a call
    open_calls = []
    for message in told(*facts).messages():
        match message:
            case ToolsCalled(calls=calls):
                assert not open_calls
                open_calls = [call.id for call in calls]
            case ToolReturned(call_id=call_id) if call_id in open_calls:
                open_calls.remove(call_id)
            case UserSaid() | AgentSaid():
                assert not open_calls
    assert not open_calls


def test_a_reply_has_one_message_that_grows_and_comes_after_its_tools():
    conversation = told(
        f.CallerSaid(turn=1, text="pay"),
        f.AgentHeard(turn=1, agent="Ann", text="One moment."),
        f.ToolStarted(turn=1, id="1", name="pay", arguments={}),
        f.ToolFinished(turn=1, id="1", name="pay", ok=True, text="paid"),
        f.AgentHeard(turn=1, agent="Ann", text="One moment. It is paid.", done=True),
    )

    kinds = [type(message) for message in conversation.messages()]

    assert kinds == [UserSaid, ToolsCalled, ToolReturned, AgentSaid]
    assert conversation.messages()[-1] == AgentSaid(text="One moment. It is paid.", agent="Ann")
    assert conversation.reply_done


def test_parallel_tools_share_one_message_and_an_open_one_is_answered_for_it():
    conversation = told(
        f.CallerSaid(turn=1, text="both"),
        f.ToolStarted(turn=1, id="1", name="one", arguments={}),
        f.ToolStarted(turn=1, id="2", name="two", arguments={}, key="k"),
        f.ToolFinished(turn=1, id="1", name="one", ok=True, text="1"),
    )

    _, called, *answers = conversation.messages()

    assert [call.id for call in called.calls] == ["1", "2"]
    assert {answer.text for answer in answers} == {"1", UNFINISHED}
    assert [(tool.call.id, tool.key) for tool in conversation.open_tools] == [("2", "k")]


def test_a_handoff_without_context_hides_what_was_said_before_and_its_slots():
    conversation = told(
        f.CallerSaid(turn=1, text="a secret"),
        f.AgentHeard(turn=1, agent="Ann", text="Noted.", done=True),
        f.Remembered(slots={"client_id": "c"}),
        f.CallerSaid(turn=2, text="a card"),
        f.HandedOff(from_agent="Ann", to_agent="Bob", turn=2, share_context=False),
    )

    texts = [getattr(message, "text", "") for message in conversation.messages()]

    assert texts[0] == "a card"
    assert "a secret" not in texts
    assert conversation.slots == {}
    assert (conversation.agent, conversation.visited) == ("Bob", ("Ann", "Bob"))


@given(st.lists(FACTS, max_size=30))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nobody_is_told_of_what_was_not_shared_with_him(facts):
    hidden = "only Ann may know this"
    facts = [
        replace(fact, share_context=False) if isinstance(fact, f.HandedOff) else fact
        for fact in facts
    ]
    before = (
        f.CallerSaid(turn=9, text=hidden),
        f.Remembered(slots={"hidden": hidden}),
        f.ToolStarted(turn=9, id="9", name="look", arguments={"a": hidden}),
        f.AgentHeard(turn=9, agent="Ann", text=hidden, done=True),
        f.CallerSaid(turn=10, text="a card"),
    )
    after = (f.ToolFinished(turn=9, id="9", name="look", ok=True, text=hidden),)

    conversation = told(*before, *facts, *after)

    if conversation.agent != "Ann":
        assert hidden not in repr((conversation.messages(), conversation.slots))


def test_an_effect_is_owed_until_it_was_done():
    asked = (
        f.CallerSaid(turn=1, text="a person"),
        f.ToolStarted(turn=1, id="1", name="connect", arguments={}),
        f.ToolFinished(
            turn=1, id="1", name="connect", ok=True, effects=(TransferCall(target="desk"),)
        ),
    )
    spoken = f.CallerSaid(turn=1, text="thanks")

    assert [owed.tool for owed in told(*asked, spoken).owed] == ["1"]
    assert told(*asked, f.TransferRequested(request_id="c-1", target="desk")).owed == ()


def test_a_caller_who_goes_on_takes_a_goodbye_back_whenever_its_tool_is_done():
    said = f.CallerSaid(turn=1, text="that is all")
    started = f.ToolStarted(turn=1, id="1", name="end", arguments={})
    finished = f.ToolFinished(turn=1, id="1", name="end", ok=True, effects=(HangUp(),))
    more = f.CallerSaid(turn=1, text="or wait")

    for facts in ((said, started, finished, more), (said, started, more, finished)):
        conversation = told(*facts)
        notes = [m for m in conversation.messages() if isinstance(m, Note)]

        assert conversation.owed == ()
        assert len(notes) == 1


def test_a_slow_tool_that_is_done_at_last_takes_no_goodbye_of_another_back():
    ended = told(
        f.CallerSaid(turn=1, text="look it up"),
        f.ToolStarted(turn=1, id="1", name="look", arguments={}),
        f.CallerSaid(turn=2, text="never mind, bye"),
        f.ToolStarted(turn=2, id="2", name="end", arguments={}),
        f.ToolFinished(turn=2, id="2", name="end", ok=True, effects=(HangUp(),)),
        f.ToolFinished(turn=1, id="1", name="look", ok=True),
    )

    assert [owed.tool for owed in ended.owed] == ["2"]
    assert not any(isinstance(message, Note) for message in ended.messages())


def test_a_turn_that_the_agent_opened_is_known_to_the_next_relay():
    answered = (
        f.CallerSaid(turn=1, text="hello"),
        f.AgentHeard(turn=1, agent="Ann", text="Hi.", done=True),
    )
    news = f.AgentHeard(turn=2, agent="Ann", text="It is", done=False)
    tool = f.ToolStarted(turn=2, id="1", name="look", arguments={})

    for opened in (news, tool):
        after = told(*answered, opened)

        assert (after.turn, after.reply_done) == (2, False)
    assert told(*answered, replace(news, done=True)).reply_done


def test_a_second_transfer_fails_with_the_one_before():
    conversation = told(
        f.CallerSaid(turn=1, text="a person"),
        f.ToolStarted(turn=1, id="1", name="connect", arguments={}),
        f.ToolFinished(
            turn=1, id="1", name="connect", ok=True, effects=(TransferCall(target="desk"),)
        ),
        f.TransferFailed(),
    )

    assert conversation.owed == ()
