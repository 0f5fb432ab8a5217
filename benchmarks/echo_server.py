"""The least a media server can do with a frame: parse, decode, encode, send.

python -m benchmarks.echo_server        prints its port
"""

from __future__ import annotations

import orjson
import pybase64
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from benchmarks.processes import alone_on_core
from core.media_wire import encode_audio


class Echo(WSListener):
    """One call that is sent back to itself."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.TEXT:
            message = orjson.loads(frame.get_payload_as_memoryview())
            pcm = pybase64.b64decode(message["audioData"]["data"])
            transport.send(WSMsgType.TEXT, encode_audio(pcm))


async def serve() -> None:
    """Serve for ever."""
    server = await ws_create_server(lambda _: Echo(), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    alone_on_core(0)
    uvloop.run(serve())
