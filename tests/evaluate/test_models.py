"""What needs a model: verdicts on what was said, and callers who are played."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.scripted import ScriptedChat
from adapters.scripted_brain import ScriptedBrain
from core.chat import ChatRequest
from core.errors import Cause, EngineError
from localdev.emulators.openai_chat import Call, ChatEmulator, Reply
from localdev.evaluate.checked import Checked
from localdev.evaluate.files import Conversation, ConversationShape
from localdev.evaluate.judging import NOT_JUDGED
from localdev.evaluate.simulating import playable
from localdev.evaluate.texting import Minds, evaluate_text
from localdev.talk.brain import brain_of
from registries import load_scenario
from tests.bank import TODAY

MET = {"n": 1, "met": True}
POLITE = ("The agent is polite.",)


def verdicts(*each: dict[str, Any]) -> str:
    return json.dumps({"verdicts": each})


async def held(minds: Minds, **shape: Any) -> list[Checked]:
    whole = ConversationShape.model_validate({"name": "x", **shape})
    conversation = Conversation(file="x.yaml", shape=whole, scenario=load_scenario("banking"))
    return [each async for each in evaluate_text([conversation], minds, TODAY)]


async def judged(replies: Sequence[Any], criteria: Sequence[Any] = POLITE) -> dict[str, str]:
    """Return the verdicts of a judge: by criterion, why it was not met."""
    minds = Minds(agents=ScriptedBrain(), judge=ScriptedChat(replies))
    (checked,) = await held(minds, turns=[{"say": "Goodbye."}], judge=criteria)
    return {each.name.removeprefix("judged: "): each.reason for each in checked.checks}


async def test_a_judge_decides_each_criterion() -> None:
    no = {"n": 2, "met": False, "why": "It sang."}

    found = await judged([f"Here it is: {verdicts(MET, no)}"], ("It is polite.", "It is silent."))

    assert found == {"It is polite.": "", "It is silent.": "It sang."}


async def test_the_judge_reads_what_was_said_and_done() -> None:
    judge = ScriptedChat([verdicts(MET)])
    minds = Minds(agents=ScriptedBrain(), judge=judge)

    await held(minds, turns=[{"say": "I would like a new credit card."}], judge=POLITE)

    asked = judge.requests[0].messages[0].text  # type: ignore[union-attr]
    assert "Caller: I would like a new credit card." in asked
    assert "[the caller is handed to CardRecommendation]" in asked
    assert "1. The agent is polite." in asked


async def test_the_judge_reads_what_tools_were_given_and_what_they_told() -> None:
    judge = ScriptedChat([verdicts(MET)])
    lines = ["Please refund the overdraft fee.", "Maria Lopez.", "4127"]

    await held(
        Minds(agents=ScriptedBrain(), judge=judge),
        turns=[{"say": line} for line in lines],
        judge=POLITE,
    )

    asked = judge.requests[0].messages[0].text  # type: ignore[union-attr]
    told = [line for line in asked.splitlines() if line.startswith("[")]
    assert told[0].startswith('[refund_fee {"fee": "overdraft"')
    assert "is refused (missing_slot): This needs client_id." in told[0]
    assert told[1].startswith(
        '[verify_client_identity {"full_name": "Maria Lopez", "last_four": "***"'
    )
    assert " succeeds: " in told[-1]
    assert "35" in told[-1]


GROUNDED = {"criterion": "What is said of money stands in the tools' results.", "at_least": 4}
GROUNDED_NAME = f"{GROUNDED['criterion']} (at least 4 of 5)"


@pytest.mark.parametrize(
    ("score", "reason"), [(5, ""), (4, ""), (3, "3 of 5: It guessed."), (1, "1 of 5: It guessed.")]
)
async def test_a_score_must_reach_what_was_asked_for(score: int, reason: str) -> None:
    verdict = {"n": 1, "score": score, "why": "It guessed."}

    assert await judged([verdicts(verdict)], [GROUNDED]) == {GROUNDED_NAME: reason}


async def test_a_judge_who_scores_is_quoted_also_where_it_is_enough() -> None:
    verdict = {"n": 1, "score": 4, "why": "All but one."}
    minds = Minds(agents=ScriptedBrain(), judge=ScriptedChat([verdicts(verdict)]))

    (checked,) = await held(minds, turns=[{"say": "Goodbye."}], judge=[GROUNDED])

    (found,) = checked.checks
    assert (found.ok, found.score, found.remark) == (True, 4, "4 of 5: All but one.")


async def test_a_judge_that_mumbles_is_asked_once_more() -> None:
    assert await judged(["Fine, I think.", verdicts(MET)]) == {POLITE[0]: ""}


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        (["Fine.", "Really fine."], "there is no JSON in it"),
        ([verdicts(), verdicts()], "there is no verdict for 1"),
        (['{"verdicts": [{"n": 1}]}'] * 2, "verdict 1 has no 'met'"),
        ([verdicts({"n": 1, "score": 5})] * 2, "verdict 1 has no 'met'"),
        ([verdicts({"n": 1, "score": 9})] * 2, "verdicts.0.score"),
        ([[EngineError(cause=Cause.AUTH, detail="no key")]], "auth: no key"),
    ],
)
async def test_without_a_verdict_nothing_counts_as_met(replies: Sequence[Any], why: str) -> None:
    found = await judged(replies)

    assert why in found[POLITE[0]]


async def test_without_a_judge_the_rest_still_counts_and_the_gap_is_told() -> None:
    minds = Minds(agents=ScriptedBrain())

    (checked,) = await held(minds, turns=[{"say": "Goodbye."}], judge=POLITE)

    assert checked.ok
    assert checked.notes == (NOT_JUDGED,)


PLAYED = {"goal": "Hear your balance.", "knows": ["Your name is Maria Lopez."]}


async def test_a_played_caller_talks_until_he_hangs_up() -> None:
    lines = ["What's my balance?", "Maria Lopez.", "4127", "Thanks. [hang up]"]
    caller = ScriptedChat(lines)

    (checked,) = await held(
        Minds(agents=ScriptedBrain(), judge=caller),
        simulate=PLAYED,
        overall={"tools": ["verify_client_identity", "get_account_summary"]},
        end={"agent": "BankingConcierge"},
    )

    assert checked.ok
    assert [turn.line for turn in checked.turns[1:]] == [*lines[:3], "Thanks."]
    assert "Your name is Maria Lopez." in caller.requests[0].system
    heard = [message.role for message in caller.requests[1].messages]
    assert heard == ["user", "assistant", "user"]


async def test_a_played_caller_is_over_when_the_agent_hangs_up_or_time_is_up() -> None:
    def says_goodbye(request: ChatRequest) -> str:
        return "Goodbye."

    def asks_on(request: ChatRequest) -> str:
        return "What's my balance?"

    (left,) = await held(
        Minds(agents=ScriptedBrain(), judge=ScriptedChat(says_goodbye)), simulate=PLAYED
    )
    (endless,) = await held(
        Minds(agents=ScriptedBrain(), judge=ScriptedChat(asks_on)),
        simulate={**PLAYED, "max_turns": 3},
    )

    assert [len(left.turns), len(endless.turns)] == [2, 4]


async def test_a_caller_whose_model_fails_fails_the_conversation() -> None:
    minds = Minds(agents=ScriptedBrain(), judge=ScriptedChat([]))

    (checked,) = await held(minds, simulate=PLAYED)

    assert [each.name for each in checked.checks if not each.ok] == [
        "the caller is played to the end",
        "the caller is heard",
    ]


async def test_a_brain_that_breaks_fails_its_conversation_and_is_named() -> None:
    def breaks(request: ChatRequest) -> str:
        raise ZeroDivisionError("nothing to divide")

    (checked,) = await held(Minds(agents=ScriptedChat(breaks)), turns=[{"say": "Goodbye."}])

    assert not checked.held
    assert "ZeroDivisionError: nothing to divide (test_models.py, line" in checked.checks[0].reason


def test_without_a_model_only_written_callers_can_be_held() -> None:
    shapes = [
        ConversationShape.model_validate({"name": "written", "turns": [{"say": "hi"}]}),
        ConversationShape.model_validate({"name": "played", "simulate": PLAYED}),
    ]
    scenario = load_scenario("banking")
    both = [Conversation(file="x.yaml", shape=each, scenario=scenario) for each in shapes]

    assert [each.shape.name for each in playable(both, None)] == ["written"]
    assert playable(both, ScriptedChat([])) == tuple(both)


async def test_agents_caller_and_judge_may_be_one_server() -> None:
    def reply(body: dict[str, Any]) -> Reply:
        system = body["messages"][0]["content"]
        if system.startswith("You judge"):
            return Reply(text=verdicts(MET))
        if system.startswith("You play"):
            return Reply(text="Goodbye.")
        if body["messages"][-1]["role"] == "tool":
            return Reply(text="Goodbye to you.")
        return Reply(calls=(Call(name="end_call"),))

    async with ChatEmulator(reply) as server:
        environ = {
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": "key",
            "OPENAI_MODEL": "some-model",
        }
        chat = brain_of("openai", environ)
        (checked,) = await held(
            Minds(agents=chat, judge=chat),
            simulate=PLAYED,
            overall={"tools": ["end_call"], "must_say": ["Goodbye to you."]},
            judge=POLITE,
            end={"ended": "hang_up"},
        )
        await chat.aclose()

    assert checked.ok
    assert len(checked.checks) == 4
