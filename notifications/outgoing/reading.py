"""The beginning of an answer, however long it is."""

import httpx2


def read_beginning(response: httpx2.Response, most_bytes: int) -> bytes:
    """Return at most so many bytes of a streamed answer's body; what follows is never read."""
    taken = bytearray()
    for piece in response.iter_raw():
        taken += piece
        if len(taken) >= most_bytes:
            break
    return bytes(taken[:most_bytes])


async def read_beginning_async(response: httpx2.Response, most_bytes: int) -> bytes:
    """Return at most so many bytes of a streamed answer's body; what follows is never read."""
    taken = bytearray()
    async for piece in response.aiter_raw():
        taken += piece
        if len(taken) >= most_bytes:
            break
    return bytes(taken[:most_bytes])
