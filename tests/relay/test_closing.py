"""A relay that stops closes all of its engines, whatever is wrong with one of them."""

import asyncio

from adapters.scripted import ScriptedChat, ScriptedHearing, ScriptedSpeaking
from adapters.settings import Settings
from media_relay.app import serve
from tests.relay.calls import MemoryControl, scenario
from tests.relay.test_process import control_plane, environment

CLOSED: list[str] = []


class RaisingEars(ScriptedHearing):
    def __init__(self, _: Settings) -> None:
        super().__init__()

    async def aclose(self) -> None:
        raise RuntimeError("a native library")


class OtherEars(ScriptedHearing):
    """Stand behind the others in a chain."""

    def __init__(self, _: Settings) -> None:
        super().__init__()

    async def aclose(self) -> None:
        CLOSED.append("other ears")


class HangingVoice(ScriptedSpeaking):
    def __init__(self, _: Settings) -> None:
        super().__init__()

    async def aclose(self) -> None:
        await asyncio.Future()


class OwnBrain(ScriptedChat):
    def __init__(self, _: Settings) -> None:
        super().__init__(["Yes."])

    async def aclose(self) -> None:
        CLOSED.append("brain")


async def test_a_relay_ends_though_one_engine_raises_and_another_hangs(tmp_path):
    CLOSED.clear()
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    ears = ",".join(f"{__name__}:{kind.__name__}" for kind in (RaisingEars, OtherEars))
    engines = {
        "STT": ears,
        "TTS": f"{__name__}:{HangingVoice.__name__}",
        "CHAT": f"{__name__}:{OwnBrain.__name__}",
    }
    async with control_plane(MemoryControl(scenario())) as url:
        settings = environment(url, tmp_path, **engines)
        serving = asyncio.create_task(serve(settings, "127.0.0.1", 0, stop, ready.set_result))
        await ready
        stop.set()
        async with asyncio.timeout(60):
            await serving

    assert sorted(CLOSED) == ["brain", "other ears"]
