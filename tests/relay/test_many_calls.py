"""Many calls through one relay: none hears a byte of another, and none leaves anything behind."""

import asyncio
import gc
import sys
import threading
from array import array
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pybase64

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking, spoken
from core.facts import CallerSaid
from core.speech import FRAME_BYTES, SpokenAudio, Voice
from media_relay.call_settings import Engines
from tests.relay.calls import MemoryControl, agent, scenario
from tests.relay.lines import calls_of, connected
from tests.relay.stations import frame, relaying
from tests.virtual_time import VirtualTimeLoop

CALLERS = 15
SILENCE = bytes(FRAME_BYTES)
QUIET = frame(SILENCE)
CROSSED = "nobody"  # whose tone sounds when a voice is given the words of another call


def name_of(n):
    """Return a word of letters only: figures would be spoken in words."""
    return "".join("bdfgklmn"[int(digit)] + "a" for digit in f"{n + 8:o}")


NAMES = [name_of(n) for n in range(CALLERS)]


def tone(n):
    """Return a frame of a square wave with a period of its own."""
    wave = [8_000 * (-1) ** (at // (2 + n)) for at in range(FRAME_BYTES // 2)]
    return array("h", wave).tobytes()


TONES = {name: tone(n) for n, name in enumerate([*NAMES, CROSSED])}
OWNERS = {sound: name for name, sound in TONES.items()} | {SILENCE: ""}


class Tones:
    """Speaks the tone of whom a text names; of the voice, where it names nobody."""

    async def speak(self, text, voice):
        named = [name for name in NAMES if name in text]
        sounds = TONES[voice.name if named in ([], [voice.name]) else CROSSED]
        for _ in range(8):
            yield SpokenAudio(pcm=sounds * 5)
            await asyncio.sleep(0)

    async def warm(self): ...

    async def aclose(self): ...


class OwnAgents(MemoryControl):
    """Gives every call an agent with a voice and a greeting of its own."""

    async def open_session(self, call_id, request):
        opened = await super().open_session(call_id, request)
        own = replace(agent("Ann", greeting=f"Hello {call_id}."), voice=Voice(name=call_id))
        return replace(opened, scenario=scenario(own))


class Ears:
    """What one caller hears, over all of his sockets."""

    def __init__(self, name):
        self.name = name
        self.frames = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def on(self, station):
        """Dial, listen, and be a line on which something always comes."""
        async with station.dialled(self.name) as carrier:
            tasks = [asyncio.create_task(work(carrier)) for work in (self._listen, self._be_there)]
            yield carrier
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def hears_more(self, frames):
        """Wait for so many more frames that are no silence."""
        before = self._sounds()
        async with self._changed:
            await self._changed.wait_for(lambda: self._sounds() >= before + frames)

    def _sounds(self):
        return self.frames.total() - self.frames[SILENCE]

    async def _listen(self, carrier):
        async for message in carrier.socket:
            told = orjson.loads(message.data)
            if told["Kind"] == "AudioData":
                self.frames[pybase64.b64decode(told["AudioData"]["Data"])] += 1
                async with self._changed:
                    self._changed.notify_all()

    async def _be_there(self, carrier):
        while True:
            await carrier.send(frame(SILENCE))
            await asyncio.sleep(0.25)


async def test_of_many_calls_none_hears_or_is_told_a_byte_of_another():
    def echo(request):
        return f"You said {request.messages[-1].text}. Is there more?"

    async def call(station, n, ears):
        name = ears.name
        async with ears.on(station) as carrier:
            await ears.hears_more(20)
            await carrier.says(spoken(f"my name is {name}") + SILENCE * 30)
            if n % 3 == 0:  # interrupts
                await ears.hears_more(25)
                await carrier.says(spoken(f"stop {name} is speaking") + SILENCE * 30)
            await ears.hears_more(25)
        if n % 3 == 1:  # is lost in the middle of a turn, and back on another socket
            async with ears.on(station) as carrier:
                await carrier.says(spoken(f"here is {name} again") + SILENCE * 30)
                await ears.hears_more(25)

    everybody = [Ears(name) for name in NAMES]
    control = OwnAgents(scenario())
    async with relaying(chat=ScriptedChat(echo), speaking=Tones(), control=control) as station:
        async with asyncio.timeout(300):
            await asyncio.gather(*(call(station, n, ears) for n, ears in enumerate(everybody)))

    for ears in everybody:
        said = [fact.text for fact in control.facts(CallerSaid, ears.name)]
        assert {OWNERS.get(each, "unknown") for each in ears.frames} <= {ears.name, ""}
        assert said
        assert all([name for name in NAMES if name in text] == [ears.name] for text in said)


async def one_call(calls, name, *, drops):
    """Be greeted, ask, interrupt the answer, hear some of the next, and go."""
    line = await connected(calls, name)
    await line.talk(0.3)
    for words in ("my balance", "stop it now"):
        line.sound = spoken(words, ms=160)
        await line.talk(0.7)
    if drops:
        line.hang_up()
    else:
        line.media.close("hung up")
    assert line.frames > 30


async def coming_and_going(calls, count, *, at_once):
    """Hold so many calls, so many of them at the same time."""
    room = asyncio.Semaphore(at_once)

    async def next_call(n):
        async with room:
            await one_call(calls, f"call-{n}", drops=n % 2 == 0)

    await asyncio.gather(*(next_call(n) for n in range(count)))
    await calls.drain(30, tell_s=5)


def test_200_calls_that_come_and_go_leave_no_task_no_thread_and_no_memory():
    async def scene():
        control, hearing, speaking = (
            MemoryControl(scenario()),
            ScriptedHearing(),
            ScriptedSpeaking(),
        )

        def left():
            """Return what is in use when the twins have forgotten what they keep for tests."""
            for kept in (
                control.logs,
                control.epochs,
                hearing.streams,
                speaking.said,
                chat.requests,
            ):
                kept.clear()
            gc.collect()
            return sys.getallocatedblocks()

        chat = ScriptedChat(lambda request: "You have ten dollars and fifty cents in it.")
        async with asyncio.TaskGroup() as tasks:
            engines = Engines(hearing=hearing, chat=chat, speaking=speaking)
            calls = calls_of(control, engines, tasks)
            await coming_and_going(calls, 20, at_once=20)
            tasks_before, threads_before = asyncio.all_tasks(), set(threading.enumerate())
            await coming_and_going(calls, 20, at_once=20)
            before = left()
            await coming_and_going(calls, 160, at_once=20)
            grown = left() - before

            assert calls.live() == ()
            assert asyncio.all_tasks() == tasks_before
        assert set(threading.enumerate()) <= threads_before
        assert grown < 160, "blocks of memory that calls left behind"

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(scene())
