"""A pipecat pipeline that answers the same messages; runs in an environment of its own.

    PYTHON-OF-THAT-ENVIRONMENT benchmarks/pipecat_server.py pass | vad        prints its port

`pass`: audio in is audio out. `vad`: the same with its Silero voice detector. As its users build
it: FastAPI transport, a serializer for the carrier's messages, one pipeline per call; frames of
20 ms out instead of its default 40, orjson and uvloop, nothing else to its disadvantage.
"""

from __future__ import annotations

import base64
import os
import socket
import sys

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.audio.vad_processor import VADProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
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
