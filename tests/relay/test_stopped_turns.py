"""A stopped turn never speaks again: what the far side hears, whatever comes late in the relay."""

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking
from adapters.scripted.marked_audio import read_speech
from core.agents import HandoffType
from core.chat import TextDelta, ToolCalled, UserSaid
from core.facts import CallerSaid, TurnDone
from core.speech import FRAME_MS
from core.tools import ToolCall, ToolSpec
from tests.relay.calls import PlainCatalog, agent, calling, edge, scenario
from tests.virtual_time import VirtualTimeLoop

# What the caller asks about, once each; whatever is said about it begins with the word.
WORDS = ["quinces", "vanilla", "xylophones", "zebras", "kumquats"]


@dataclass(frozen=True)
class Plan:
    """How an answer is made, and how long the model, the tool and the next agent take."""

    kind: str
    think_s: float
    then_s: float


SECONDS = st.sampled_from([0.0, 0.05, 0.3, 0.8, 2.0, 4.0])
PLANS = st.builds(Plan, st.sampled_from(["talk", "tool", "handoff"]), SECONDS, SECONDS)
ASKED = st.lists(st.tuples(PLANS, st.floats(0.1, 5)), min_size=2, max_size=len(WORDS))
ENGINES = st.fixed_dictionaries(
    {
        "first_audio_ms": st.sampled_from([0, 100, 700]),
        "next_audio_ms": st.sampled_from([0, 30, 150]),
        "words": st.booleans(),
    }
)
TWO = scenario(
    agent("Ann", tools=("look_up",)),
    agent("Bob", tools=("look_up",)),
    edges=(edge("Ann", "Bob", HandoffType.ANNOUNCED), edge("Bob", "Ann", HandoffType.ANNOUNCED)),
)


def asked_about(messages):
    said = [message.text.split()[-1] for message in messages if isinstance(message, UserSaid)]
    return said[-1] if said else ""


class Catalog(PlainCatalog):
    """Greets with what the caller asked about, and looks it up as slowly as planned."""

    def greeting(self, scene, *, returning):
        about = asked_about(scene.conversation.messages())
        name = scene.agent.name
        return f"{about.capitalize()} are a thing of {name}." if about else f"Hello from {name}."


def brain(plans):
    """Answer in the way that is planned for what the caller asked about."""

    def answer(request):
        about = asked_about(request.messages)
        plan, topic = plans[about], about.capitalize()
        if plan.kind == "talk" or not isinstance(request.messages[-1], UserSaid):
            talk = [f"{topic} are number {n}. " for n in ("one", "two", "three", "four", "five")]
            return [plan.think_s, *(TextDelta(text=text) for text in talk)]
        kind = "look_up" if plan.kind == "tool" else "handoff"
        (name,) = [tool.name for tool in request.tools if tool.name.startswith(kind)]
        call = ToolCall(id=f"{kind} {about}", name=name, arguments={"about": about})
        return [plan.think_s, TextDelta(text=f"{topic} need a moment. "), ToolCalled(call=call)]

    return answer


def catalog_of(plans):
    async def look_up(arguments, use):
        await asyncio.sleep(plans[arguments["about"]].then_s)
        return f"{arguments['about']} were found"

    spec = ToolSpec(name="look_up", description="look up", parameters={})
    return Catalog(specs={"look_up": spec}, runs={"look_up": look_up})


def sounds_of(call):
    """Return (what was asked about, last moment of it) of all that was heard, in its order."""
    texts = {entry.text for entry in call.speaking.said}
    found = []
    for speech in read_speech(b"".join(pcm for _, pcm in call.wire.audio)):
        begun = {text.split()[0].lower() for text in texts if text.startswith(speech.text)}
        assert begun, f"{speech.text!r} is heard without its beginning"
        at, _ = call.wire.audio[speech.end_ms // FRAME_MS - 1]
        found += [(word, at) for word in begun.intersection(WORDS) if speech.text]
    return found


@given(ASKED, ENGINES, st.sampled_from([0.0, 0.2, 0.6]))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_nothing_that_belongs_to_a_stopped_turn_is_heard(asked, engines, final_s):
    plans = {word: plan for word, (plan, _) in zip(WORDS, asked, strict=False)}

    async def live():
        async with calling(
            ScriptedChat(brain(plans)),
            scenario=TWO,
            catalog=catalog_of(plans),
            speaking=ScriptedSpeaking(**engines),
            hearing=ScriptedHearing(delay_s=final_s),
        ) as call:
            await call.until(TurnDone)
            for word, (_, pause) in zip(plans, asked, strict=True):
                call.says(f"tell me about {word}")
                await call.after(pause)
            await call.after(12)
            await call.silence()
            return sounds_of(call), call.control.logs["call"]

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        sounds, log = runner.run(live())

    taken = {}
    for entry in log:
        if isinstance(entry.fact, CallerSaid):
            taken[entry.fact.text.split()[-1]] = entry.at
    cut = {
        entry.fact.caller.split()[-1]: entry.at
        for entry in log
        if isinstance(entry.fact, TurnDone) and entry.fact.interrupted and entry.fact.caller
    }
    for about, until in sounds:
        later = [at for at in taken.values() if at > taken[about]]
        assert until < min([*later, cut.get(about, until + 1)]), (about, sounds, taken, cut)
    assert sounds[-1][0] == list(plans)[-1]
