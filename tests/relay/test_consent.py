"""Nobody is recorded who did not agree, and nothing that is a secret."""

import pytest

from core.agents import RecordingRule
from core.consent import answered, asks_for_secret, withdraws
from core.facts import ConsentDecided, SecretAwaited, TurnDone
from core.tools import CollectDigits, ToolResult, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, scenario
from tests.relay.test_tools import wants
from tests.virtual_time import VIRTUAL

ASK = {"scenario": scenario(recording=RecordingRule.ASK)}
ANNOUNCE = {"scenario": scenario(recording=RecordingRule.ANNOUNCE)}


@pytest.fixture
def anyio_backend():
    return VIRTUAL


async def greeted(call):
    await call.until(TurnDone)
    await call.silence()


def decisions(call):
    return [fact.decision for fact in call.facts(ConsentDecided)]


@pytest.mark.parametrize(
    ("said", "decision"),
    [
        ("Yes, that's fine.", "given"),
        ("Yeah sure, what is my balance?", "given"),
        ("No thank you.", "refused"),
        ("I don't want to be recorded.", "refused"),
        ("Please do not record this call.", "refused"),
        ("What is my balance?", "unclear"),
    ],
)
async def test_a_caller_is_asked_and_his_answer_is_kept(said, decision):
    async with calling(["Ten dollars."], **ASK) as call:
        await greeted(call)
        asked, before = call.heard, decisions(call)
        call.says(said)
        await call.until(TurnDone, count=2)

        assert asked.startswith("Hello from Ann. May I record this call")
        assert (before, decisions(call)) == ([], [decision])


@pytest.mark.parametrize(
    ("said", "heard", "agents"),
    [
        ("Yes please.", "Thank you. How can I help you?", False),
        ("No.", "All right, this call is not recorded. How can I help you?", False),
        ("Yes, and what is my balance?", "Ten dollars.", True),
    ],
)
async def test_a_mere_yes_or_no_is_answered_without_the_agent(said, heard, agents):
    async with calling(["Ten dollars."], **ASK) as call:
        await greeted(call)
        call.says(said)
        await call.until(TurnDone, count=2)

        assert call.heard.endswith(heard)
        assert ("Ten dollars." in call.heard) is agents


async def test_a_question_that_was_cut_off_was_not_asked():
    async with calling(["Ten dollars."], **ASK) as call:
        await call.after(1.2)
        call.says("Yes hello what is my balance")
        await call.until(TurnDone, count=2)

        assert "better" not in call.heard
        assert decisions(call) == []


async def test_an_announcement_comes_first_and_counts_once_it_was_heard():
    async with calling(["Ten dollars."], **ANNOUNCE) as call:
        await greeted(call)

        assert call.heard.startswith("This call is recorded.")
        assert call.heard.endswith("Hello from Ann.")
        assert decisions(call) == ["announced"]


@pytest.mark.parametrize("rule", [ASK, ANNOUNCE])
async def test_a_caller_may_change_his_mind(rule):
    async with calling(["Ten dollars."], **rule) as call:
        await greeted(call)
        call.says("Yes.")
        await call.until(TurnDone, count=2)
        await call.silence()
        call.says("Please stop recording this.")
        await call.until(TurnDone, count=3)

        assert decisions(call)[-1] == "withdrawn"
        assert call.heard.endswith("All right, this call is not recorded. How can I help you?")


async def test_another_relay_knows_what_was_decided_and_asks_nobody_twice():
    async with calling(**ASK) as call:
        await greeted(call)
        call.says("Yes.")
        await call.until(TurnDone, count=2)
        control = call.control
    async with calling(["Ten dollars."], control=control, **ASK) as call:
        await call.after(3)
        await call.silence()
        call.says("No, never mind.")
        await call.until(TurnDone, count=3)

        assert decisions(call) == ["given"]
        assert "May I record" not in call.heard


async def test_without_a_rule_nothing_is_asked_or_noted():
    async with calling(["What is your date of birth?"], **secretive(RecordingRule.OFF)) as call:
        await greeted(call)
        call.says("it is me, do not record this")
        await call.until(TurnDone, count=2)

        assert call.facts(ConsentDecided) == []
        assert call.facts(SecretAwaited) == []


# --- secrets --------------------------------------------------------------------------------------

VERIFY = ToolSpec(
    name="verify",
    description="",
    parameters={
        "properties": {
            "name": {"type": "string", "description": "First and last name."},
            "date_of_birth": {"type": "string", "writeOnly": True, "description": "The day."},
        }
    },
    ask={"date_of_birth": "When were you born?"},
)


def secretive(rule, run=lambda arguments, use: "ok"):
    catalog = PlainCatalog(specs={"verify": VERIFY}, runs={"verify": run})
    return {
        "catalog": catalog,
        "scenario": scenario(agent("Ann", tools=("verify",)), recording=rule),
    }


def awaited(call):
    return [fact.awaited for fact in call.facts(SecretAwaited)]


async def test_a_secret_is_awaited_from_before_it_is_asked_for_until_its_answer_was_answered():
    replies = ["What is your date of birth?", "Thank you.", "Ten dollars."]
    async with calling(replies, **secretive(RecordingRule.ANNOUNCE)) as call:
        await greeted(call)
        call.says("it is me")
        await call.until(SecretAwaited)
        spoken_then = "birth" in call.heard
        await call.until(TurnDone, count=2)
        asked = awaited(call)
        await call.silence()
        call.says("March the seventh")
        await call.until(TurnDone, count=3)

        assert (spoken_then, asked, awaited(call)) == (False, [True], [True, False])


async def test_a_silent_caller_who_is_asked_again_keeps_the_pause():
    replies = ["What is your date of birth?", "Thank you."]
    async with calling(replies, **secretive(RecordingRule.ANNOUNCE)) as call:
        await greeted(call)
        call.says("it is me")
        await call.until(TurnDone, count=2)
        await call.after(20)  # "Are you still there?"

        assert awaited(call) == [True]


async def test_secret_keys_are_awaited_until_their_tool_has_them():
    keys = CollectDigits(then="check_pin", max_digits=4, secret=True)
    runs = {
        "ask_pin": lambda arguments, use: ToolResult(text="Key them in.", effects=(keys,)),
        "check_pin": lambda arguments, use: "right",
    }
    specs = {name: ToolSpec(name=name, description="", parameters={}) for name in runs}
    talk = {
        "catalog": PlainCatalog(specs=specs, runs=runs),
        "scenario": scenario(agent("Ann", tools=tuple(specs)), recording=RecordingRule.ANNOUNCE),
    }
    async with calling([wants("ask_pin"), "Key it in.", "Done."], **talk) as call:
        await greeted(call)
        call.says("it is me")
        await call.until(TurnDone, count=2)
        before = awaited(call)
        for key in "4127":
            call.session.on_key(key)
        await call.until(TurnDone, count=3)

        assert (before, awaited(call)) == ([True], [True, False])


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "decision"),
    [("go ahead", "given"), ("no", "refused"), ("hm", "unclear"), ("stop recording", "refused")],
)
def test_only_a_plain_yes_is_consent(said, decision):
    assert answered(said) == decision


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Please stop the recording.", True),
        ("I don\u2019t want you to record me", True),
        ("no recording please", True),
        ("Could you stop my card?", False),
        ("I broke the record", False),
    ],
)
def test_a_change_of_mind_is_understood(said, meant):
    assert withdraws(said) is meant


def test_a_question_for_a_secret_is_known_by_the_words_that_describe_it():
    assert asks_for_secret("And your date of birth, please?", [VERIFY])
    assert not asks_for_secret("What is your first and last name?", [VERIFY])
