"""What a call's record tells of what was heard."""

from core import facts as f
from core.facts import Direction
from core.record import call_record

ANSWER = "Please stay on the line."
SORRY = "I am sorry, nobody could take your call."


def log(*facts: f.Fact) -> list[f.LogEntry]:
    offered = f.Offered(direction=Direction.INBOUND)
    return [
        f.LogEntry(n=n, at=1000.0 + n, source="t", source_id=str(n), fact=fact)
        for n, fact in enumerate((offered, *facts), start=1)
    ]


def heard(text: str) -> f.AgentHeard:
    return f.AgentHeard(turn=1, agent="Ann", text=text, done=True)


DONE = f.TurnDone(turn=1, agent="Ann", caller="a person", reply=ANSWER, heard=ANSWER)


def test_words_that_follow_a_turn_that_was_done_belong_to_it() -> None:
    both = f"{ANSWER} {SORRY}"

    (turn,) = call_record("call", log(heard(ANSWER), DONE, heard(both)))["turns"]

    assert (turn["heard"], turn["reply"]) == (both, both)
    assert turn["caller"] == "a person"


def test_the_agent_is_who_has_the_caller_or_who_spoke_last() -> None:
    handed = f.HandedOff(from_agent="Ann", to_agent="Bob", turn=1)

    assert call_record("call", log(heard(ANSWER), DONE))["agent"] == "Ann"
    assert call_record("call", log(heard(ANSWER), DONE, handed))["agent"] == "Bob"
    assert call_record("call", log())["agent"] == ""


def test_what_was_not_heard_of_an_interrupted_reply_is_not_heard_later_either() -> None:
    cut = f.TurnDone(
        turn=1, agent="Ann", caller="hm", reply=ANSWER, heard="Please stay", interrupted=True
    )

    (turn,) = call_record("call", log(heard("Please stay"), cut, heard("Please stay Sorry.")))[
        "turns"
    ]

    assert (turn["heard"], turn["reply"]) == ("Please stay Sorry.", f"{ANSWER} Sorry.")


def test_a_turn_whose_relay_died_shows_what_it_had_reported() -> None:
    said = f.CallerSaid(turn=1, text="a person")

    (turn,) = call_record("call", log(said, heard("Please")))["turns"]

    assert (turn["caller"], turn["heard"], turn["reply"]) == ("a person", "Please", "Please")


def test_a_fact_that_only_names_a_turn_makes_none() -> None:
    proved = f.Remembered(slots={"client_id": "x"})
    consent = f.ConsentDecided(decision="given")

    (turn,) = call_record("call", log(proved, consent, DONE))["turns"]

    assert (turn["n"], turn["caller"]) == (1, "a person")


def test_a_turn_that_another_relay_ended_keeps_its_wait_its_tools_and_what_it_cost() -> None:
    looked = f.ToolRun(name="look_up", arguments={}, ok=True)
    waited = f.Latency(heard_until="10:00", llm_first_token=600.0)
    begun = f.TurnDone(
        turn=1, agent="Ann", caller="a person", reply=ANSWER, heard="Please", interrupted=True,
        tools=(looked,), latency=waited, usage=f.Usage(requests=2, input_tokens=90, model="gpt"),
    )  # fmt: skip
    ended = f.TurnDone(
        turn=1, agent="Ann", caller="a person", reply="Stay on the line.", heard=ANSWER,
        usage=f.Usage(requests=1, input_tokens=40),
    )  # fmt: skip

    (turn,) = call_record("call", log(begun, ended))["turns"]

    assert (turn["heard"], turn["interrupted"]) == (ANSWER, False)
    assert turn["reply"] == "Please Stay on the line."
    assert turn["latency_ms"]["llm_first_token"] == 600.0
    assert [run["name"] for run in turn["tools"]] == ["look_up"]
    assert (turn["usage"]["requests"], turn["usage"]["input_tokens"]) == (3, 130)
    assert turn["usage"]["model"] == "gpt"
