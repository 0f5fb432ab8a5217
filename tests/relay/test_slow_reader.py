"""A carrier that does not read: what it does not take is not sent, and nothing grows."""

import asyncio
import socket

from core.speech import FRAME_BYTES
from media_relay.door import Door
from media_relay.media_socket import MediaSocket

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def test_a_carrier_that_does_not_read_costs_no_memory_and_is_sent_nothing_until_it_does():
    loop = asyncio.get_running_loop()
    media = MediaSocket("call")

    async def let_in(_):
        return media

    server = await loop.create_server(lambda: Door(let_in, set()), "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()) as deaf:
        deaf.sendall(UPGRADE)
        assert await media.connected(60)

        taken = 0
        for n in range(20_000):  # 400 s of audio, 17 MB
            taken += media.send_audio(bytes(FRAME_BYTES))
            if n % 100 == 0:
                await asyncio.sleep(0)
        waiting = media.unsent
        refused = not media.send_audio(bytes(FRAME_BYTES))
        async with asyncio.timeout(60):
            while not media.send_audio(bytes(FRAME_BYTES)):
                await asyncio.to_thread(deaf.recv, 1 << 20)

        media.close("test is over")
    server.close()
    await server.wait_closed()

    assert 0 < waiting < 64 * 1024
    assert taken < 300  # 6 s: what waits on the way cannot be taken back
    assert refused
