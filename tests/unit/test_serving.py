"""The socket on which ``duban serve`` listens."""

import asyncio
import socket

from api.serving import listen


def test_a_small_answer_is_sent_at_once() -> None:
    """Otherwise every answer on a kept connection waits some 40 ms for the other side's acknowledgement."""

    async def option_of_a_connection() -> int:
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            asked.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(answer, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = await asked
            writer.close()
            return found

    assert asyncio.run(option_of_a_connection()) != 0
