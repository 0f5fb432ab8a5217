"""A pipecat pipeline that answers the same messages; runs in an environment of its own.

    PYTHON-OF-THAT-ENVIRONMENT benchmarks/pipecat_server.py pass | vad        prints its port
    ... smart-turn | timer FILE

`pass`: audio in is audio out. `vad`: the same with its Silero voice detector. `smart-turn` and
`timer`: whole turns with the engines of benchmarks/published.py, as FILE tells, and either of its
ways to end a turn. Built as its users build it: FastAPI transport, a serializer for the carrier's
messages, one pipeline per call; frames of 20 ms out instead of its default 40, orjson and uvloop,
nothing else to its disadvantage.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_stop.speech_timeout_user_turn_stop_strategy import (
    SpeechTimeoutUserTurnStopStrategy,
)
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

RATE = 16_000
KIND = sys.argv[1]


class Carrier(FrameSerializer):
    """The carrier's messages as pipecat's frames."""

    async def deserialize(self, data: str | bytes) -> Frame | None:
        message = orjson.loads(data)
        pcm = base64.b64decode(message["audioData"]["data"])
        return InputAudioRawFrame(audio=pcm, sample_rate=RATE, num_channels=1)

    async def serialize(self, frame: Frame) -> str | bytes | None:
        if isinstance(frame, OutputAudioRawFrame):
            data = base64.b64encode(frame.audio).decode()
            body = {"kind": "AudioData", "audioData": {"data": data}, "stopAudio": None}
            return orjson.dumps(body).decode()
        if isinstance(frame, InterruptionFrame):
            return '{"kind":"StopAudio","audioData":null,"stopAudio":{}}'
        return None


class PassThrough(FrameProcessor):
    """What the caller says is what the caller hears."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, InputAudioRawFrame):
            frame = OutputAudioRawFrame(audio=frame.audio, sample_rate=RATE, num_channels=1)
        await self.push_frame(frame, direction)


class Ears(STTService):
    """Hears what the file says, with the frame it says, as its service for Azure tells it."""

    def __init__(self, heard: list[dict[str, Any]], final_s: float) -> None:
        settings = STTSettings(model=None, language=None)
        super().__init__(settings=settings, ttfs_p99_latency=1.80)
        self._heard = heard[::-1]
        self._frame = 0

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None]:
        self._frame += len(audio) // 640
        while self._heard and self._heard[-1]["at"] <= self._frame:
            it = self._heard.pop()
            if it["final"]:
                yield TranscriptionFrame(it["text"], "caller", time_now_iso8601(), finalized=True)
            else:
                yield InterimTranscriptionFrame(it["text"], "caller", time_now_iso8601())


class Thoughts(FrameProcessor):
    """A model whose first token takes a while."""

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await asyncio.sleep(TOLD["first_token_s"])
        await self.push_frame(LLMTextFrame(TOLD["reply"]))
        await self.push_frame(LLMFullResponseEndFrame())


class Mouth(TTSService):
    """Half a second of sound, after a while."""

    def __init__(self) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None]:
        await asyncio.sleep(TOLD["first_audio_s"])
        yield TTSAudioRawFrame(os.urandom(640 * 25), RATE, 1, context_id=context_id)


TOLD: dict[str, Any] = orjson.loads(Path(sys.argv[2]).read_bytes()) if len(sys.argv) > 2 else {}


def turns() -> list[FrameProcessor]:
    """Return what holds a conversation between the transport's two ends."""
    stops = [SpeechTimeoutUserTurnStopStrategy()] if KIND == "timer" else None
    user = LLMUserAggregatorParams(
        vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=UserTurnStrategies(stop=stops)
    )
    pair = LLMContextAggregatorPair(LLMContext(), user_params=user)
    ears = Ears(TOLD["heard"], TOLD["final_s"])
    return [ears, pair.user(), Thoughts(), Mouth(), pair.assistant()]


app = FastAPI()


@app.websocket("/api/v1/media/stream/{call}/{secret}")
async def media(websocket: WebSocket) -> None:
    """Hold one call."""
    await websocket.accept()
    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_out_10ms_chunks=2,
            serializer=Carrier(),
        ),
    )
    if TOLD:
        steps = [transport.input(), *turns()[:-1], transport.output()]
    else:
        detector = [VADProcessor(vad_analyzer=SileroVADAnalyzer())] if KIND == "vad" else []
        steps = [transport.input(), *detector, PassThrough(), transport.output()]
    worker = PipelineWorker(
        Pipeline(steps),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    os.sched_setaffinity(0, {0})
    logger.remove()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(1000)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(app, loop="uvloop", log_level="error", ws_per_message_deflate=False)
    uvicorn.Server(config).run(sockets=[listening])
