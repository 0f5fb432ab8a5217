"""Whole conversations with the scripted brain, and what it makes of single answers."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.scripted_brain import ScriptedBrain
from core.approvals import note_of
from core.chat import AgentSaid, ChatRequest, Finished, Note, TextDelta, ToolReturned, ToolsCalled
from core.chat import UserSaid as Said
from core.dialling import Rules
from core.facts import ApprovalDecided
from core.tools import AskApproval, HandOff, HangUp, ToolCall, ToolSpec, TransferCall
from registries import load_scenario
from tests.bank import MARIA, bank
from tests.brain.talk import Talk
from tests.brain.utterances import ADVISOR, CARDS, CONCIERGE

ANSWERS = ("yes", "no", "Maria Lopez", "4127", "the overdraft one", "fifty", "Travel Rewards", "")
NAME = "What is your full name?"
DIGITS = "And what are the last four digits of your social security number?"


async def test_a_whole_banking_call(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    assert await talk.says("What's my balance?") == (
        f"I can do that once I know who you are. {NAME}"
    )
    assert await talk.says("Maria Lopez.") == DIGITS
    balance = await talk.says("41 27")
    assert balance.startswith("Thank you, Maria. You are verified. Your checking account has two")
    assert talk.used == ["verify_client_identity", "get_account_summary"]

    refund = await talk.says("Can you refund the overdraft fee?")
    assert refund.startswith("Done. I refunded the overdraft fee of thirty-five dollars.")
    again = await talk.says("refund it again please")
    assert "already been refunded" in again

    card = await talk.says("Which credit card would suit me? I travel a lot.")
    assert talk.used == ["handoff_card_recommendation", "search_card_products"]
    assert card.startswith("Hello Maria, this is the card desk. For travel I would look at Travel")
    eligible = await talk.says("Yes please.")
    assert eligible.startswith("Good news. You qualify for Travel Rewards, with a limit of")
    sent = await talk.says("Yeah.")
    assert (talk.used, "Travel Rewards" in sent) == (["send_card_agreement"], True)
    done = await talk.says("I agree, yes")
    assert done.startswith("Congratulations. Travel Rewards is yours")

    assert "four hundred eighty-five dollars" in await talk.says("what's my balance now")
    assert talk.used == ["handoff_concierge", "get_account_summary"]
    assert await talk.says("No, that's all. Thank you!") == "Thank you for calling. Goodbye."
    assert [effect for effect in talk.effects if isinstance(effect, HangUp)]
    assert bank(tmp_path).applications("maria_lopez")[0].status == "approved"


async def test_everything_said_in_one_breath_is_done(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    said = "Hi, my name is Maria Lopez and the last four are 4127, what's my balance?"
    text = await talk.says(said)

    assert talk.used == ["verify_client_identity", "get_account_summary"]
    assert text.startswith("Thank you, Maria. You are verified. Your checking account")


async def test_a_wrong_number_begins_the_questions_again(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    for words in ("what's my balance", "Maria Lopez"):
        await talk.says(words)

    wrong = await talk.says("one two three four")
    asked = await talk.says("It's Maria Lopez")
    right = await talk.says("four one two seven")

    assert wrong.endswith(NAME)
    assert asked == DIGITS
    assert talk.used == ["verify_client_identity", "get_account_summary"]
    assert "You are verified" in right


async def test_after_three_wrong_numbers_a_person_is_offered(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")
    for digits in ("1111", "2222", "3333", "4127"):
        await talk.says("Maria Lopez")
        text = await talk.says(digits)

    await talk.says("yes")

    assert text.endswith("Shall I connect you to a person?")
    assert [effect for effect in talk.effects if isinstance(effect, TransferCall)]
    assert "client_id" not in talk.slots


async def test_a_date_of_birth_is_taken_instead_of_the_digits(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")
    await talk.says("Maria Lopez")

    text = await talk.says("I was born on March third nineteen eighty five")

    assert "You are verified" in text


async def test_an_answer_that_says_nothing_is_asked_for_again_and_then_given_up(
    tmp_path: Path,
) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")
    await talk.says("Maria Lopez")

    answers = [await talk.says("uh blue bananas") for _ in range(4)]

    assert answers[0] == f"Sorry, I did not get that. {DIGITS}"
    assert answers[2].startswith("Sorry, I did not understand that. I can")


async def test_a_question_does_not_hold_a_caller_who_wants_something_else(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")

    await talk.says("I want to speak to a person")

    assert talk.used == ["escalate_human"]


async def test_small_talk_between_question_and_answer_loses_nothing(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")
    await talk.says("Maria Lopez")

    pause = await talk.says("hold on a moment")
    text = await talk.says("4127")

    assert pause == "Take your time. I am here."
    assert "You are verified" in text


async def test_a_question_that_was_cut_short_is_still_answered(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")
    await talk.says("Maria Lopez")
    talk.messages[-1] = AgentSaid(text="And what are the last", agent=talk.agent, cut=True)

    text = await talk.says("4127")

    assert "You are verified" in text


async def test_several_numbers_are_asked_for_one_after_the_other(tmp_path: Path) -> None:
    talk = Talk(tmp_path, agent="InvestmentAdvisor", slots=dict(MARIA))

    amount = await talk.says("What would it cost to cash out my 401k?")
    age = await talk.says("fifty thousand dollars")
    text = await talk.says("I'm forty five")

    assert (amount, age) == ("How much would you move?", "And how old are you?")
    assert talk.arguments == {"kind": "cash out", "amount": 50_000.0, "age": 45}
    assert "plus a penalty of five thousand dollars" in text


async def test_which_fee_is_asked_when_there_are_several(tmp_path: Path) -> None:
    talk = Talk(tmp_path, slots=dict(MARIA))

    asked = await talk.says("I want my fee back")
    done = await talk.says("the foreign one")

    assert asked.endswith("Which fee do you mean?")
    assert done.startswith("Done. I refunded the foreign transaction fee")


async def test_no_to_an_offer_is_no(tmp_path: Path) -> None:
    talk = Talk(tmp_path, agent="CardRecommendation", slots=dict(MARIA))
    await talk.says("a card for travel")

    declined = await talk.says("No thanks.")
    goodbye = await talk.says("no")

    assert declined == "All right. Is there anything else I can do for you?"
    assert (talk.used, goodbye) == (["end_call"], "Thank you for calling. Goodbye.")


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ("No thank you. What is my account balance?", "handoff_concierge"),
        ("That's all, thank you, but can you connect me to a person?", "escalate_human"),
        ("Okay, that is everything. Can I speak to a person?", "escalate_human"),
        ("No, that's all. Thank you, goodbye.", "end_call"),
        ("Thank you. I need no credit card for travel, goodbye.", "end_call"),
    ],
)
async def test_a_caller_who_wants_one_more_thing_is_not_hung_up_on(
    tmp_path: Path, said: str, used: str
) -> None:
    talk = Talk(tmp_path, agent="CardRecommendation")

    await talk.says(said)

    assert talk.used[0] == used


async def test_the_last_words_are_said_again_on_request(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("what's my balance")

    text = await talk.says("sorry, what did you say?")

    assert text == f"I said: I can do that once I know who you are. {NAME}"


async def test_a_discrete_handoff_answers_at_once_and_is_not_handed_back(tmp_path: Path) -> None:
    talk = Talk(tmp_path, agent="CardRecommendation", slots=dict(MARIA))

    text = await talk.says("how much is in my retirement account")

    assert talk.used == ["handoff_investment_advisor", "get_retirement_accounts"]
    assert text.startswith("You have eighty-four thousand five hundred dollars")
    assert talk.effects == [HandOff(to_agent="InvestmentAdvisor")]


async def test_a_new_agent_that_can_not_tell_the_wish_asks(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    text = await talk.says("talk to the card desk")

    assert text == "Hello, this is the card desk. What can I do for you?"
    assert talk.agent == "CardRecommendation"


async def test_a_new_agent_whose_greeting_asks_already_does_not_ask_again(tmp_path: Path) -> None:
    banking = load_scenario("banking")
    asking = [
        replace(agent, greeting="This is the card desk. What may it be?")
        for agent in banking.agents
    ]
    talk = Talk(tmp_path, scenario=replace(banking, agents=tuple(asking)))

    assert await talk.says("talk to the card desk") == "This is the card desk. What may it be?"


async def test_a_transfer_that_failed_is_told(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("speak to a person")
    talk.messages.append(Note(text="Nobody took the caller; the transfer failed."))

    text, _ = await talk.step()

    assert text.startswith("I am sorry, nobody could take your call.")


async def test_it_says_that_it_is_a_machine(tmp_path: Path) -> None:
    text = await Talk(tmp_path).says("Are you a robot?")

    assert "automated assistant" in text


async def test_a_reply_streams_in_small_pieces() -> None:
    agent = load_scenario("banking").agent("BankingConcierge")
    request = ChatRequest(agent=agent, system="", messages=(Said(text="qwertz uiop"),))

    events = [event async for event in ScriptedBrain().stream(request)]

    pieces = [event.text for event in events if isinstance(event, TextDelta)]
    assert "".join(pieces) == agent.fallback
    assert all(len(piece.split()) <= 3 for piece in pieces)
    assert events[-1] == Finished(reason="stop")


async def test_a_dropped_in_tool_without_examples_is_found_by_its_name() -> None:
    agent = load_scenario("banking").agent("BankingConcierge")
    tool = ToolSpec(
        name="order_checkbook",
        description="Order a new checkbook.",
        parameters={
            "type": "object",
            "properties": {"pages": {"type": "integer"}},
            "required": ["pages"],
        },
    )
    said = Said(text="please order a new checkbook")

    def request(*messages: object) -> ChatRequest:
        return ChatRequest(agent=agent, system="", messages=messages, tools=(tool,))  # type: ignore[arg-type]

    async def first(asked: ChatRequest) -> object:
        return [event async for event in ScriptedBrain().stream(asked)]

    asks = await first(request(said))
    call = ToolCall(id="1", name="order_checkbook", arguments={"pages": 50})
    told = await first(
        request(
            said,
            AgentSaid(text="What is the pages?"),
            Said(text="fifty"),
            ToolsCalled(calls=(call,)),
            ToolReturned(call_id="1", name="order_checkbook", text="Ordered."),
        )
    )

    assert asks == [TextDelta(text="What is the "), TextDelta(text="pages?"), Finished()]
    assert told == [TextDelta(text="Ordered."), Finished()]


async def test_yes_to_an_open_question_is_a_reason_to_ask_back(tmp_path: Path) -> None:
    text = await Talk(tmp_path).says("Yes.")

    assert text == "Of course. What is it?"


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    st.lists(
        st.sampled_from([*(said for said, _ in (*CONCIERGE, *CARDS, *ADVISOR)), *ANSWERS]),
        min_size=1,
        max_size=6,
    )
)
async def test_whatever_is_said_is_answered_and_ends(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        talk = Talk(Path(folder))

        answers = [await talk.says(line) for line in lines]

    assert all(answers)


@pytest.mark.parametrize("words", ["", "...", "4127", "yes", "no", "\u00b2", "?" * 500])
async def test_no_words_leave_the_caller_without_an_answer(tmp_path: Path, words: str) -> None:
    text = await Talk(tmp_path).says(words)

    assert text


async def test_a_refund_above_the_limit_is_put_to_a_person_and_told_later(tmp_path: Path) -> None:
    talk = Talk(tmp_path)
    await talk.says("My name is Emily Chen and my digits are 7718. What's my balance?")
    answer = await talk.says("please refund the wire transfer fee")

    (asked,) = talk.effects
    assert isinstance(asked, AskApproval)
    assert asked.details["amount_cents"] == 65_00
    assert answer.startswith("I may not refund that much, so I asked a colleague.")

    decided = ApprovalDecided(request_id="r", decision="approved", subject=asked.subject)
    talk.messages.append(note_of(decided))
    told, _ = await talk.step()
    assert told.startswith(
        "I have good news. The refund of your wire transfer fee of sixty-five dollars was approved"
    )


async def test_a_caller_without_time_is_asked_when_to_be_called_back(tmp_path: Path) -> None:
    talk = Talk(tmp_path)

    asked = await talk.says("I have no time now, can you call me back?")
    honest = await talk.says("Tomorrow at ten")

    assert asked == "When shall we call you?"
    assert talk.used == ["schedule_callback"]
    assert talk.arguments == {
        "when": "Tomorrow at ten",
        "reason": "I have no time now, can you call me back?",
    }
    assert honest.startswith("I am sorry, I can not arrange a call back to this number.")


@pytest.mark.parametrize(
    ("wish", "spoken"),
    [
        ("please call me tomorrow at ten", "on Tuesday, March seventeenth, at ten in the morning"),
        (
            "call me back about my blue bicycle in two hours",
            "on Monday, March sixteenth, at twelve oh five in the afternoon",
        ),
        ("can you call me back about two cards", ""),
    ],
)
async def test_who_says_when_in_the_same_breath_is_not_asked(
    tmp_path: Path, wish: str, spoken: str
) -> None:
    rules = Rules(enabled=True, numbers=("+1555",))
    now = datetime(2026, 3, 16, 10, 5, tzinfo=UTC)
    talk = Talk(tmp_path, facts={"caller": "+15550100", "now": now, "callbacks": rules})

    said = await talk.says(wish)

    expected = f"All right. We call you back {spoken}. Is" if spoken else "When shall we call you?"
    assert talk.used == (["schedule_callback"] if spoken else [])
    assert said.startswith(expected)


@pytest.mark.parametrize("then", ["In one minute.", "at noon", "Oh sorry, tomorrow at ten."])
async def test_a_time_that_cannot_be_is_asked_for_again(tmp_path: Path, then: str) -> None:
    rules = Rules(enabled=True, numbers=("+1555",))
    now = datetime(2026, 3, 16, 10, 5, tzinfo=UTC)
    talk = Talk(tmp_path, facts={"caller": "+15550100", "now": now, "callbacks": rules})
    await talk.says("please call me back")

    again = await talk.says("Next month at ten.")
    honest = await talk.says(then)

    assert again.endswith("When shall we call you?")
    assert talk.used == ["schedule_callback"]
    assert honest.startswith("All right. We call you back on")
