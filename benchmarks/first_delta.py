"""The first piece of an answer: from POST to the first message.delta on a socket, with 10,000 passages."""

import asyncio
import json
import random
import time

import uvloop

from benchmarks.figures import Report, percentile, reporting
from benchmarks.http_load import request
from benchmarks.importing import import_file, stored_chunks
from benchmarks.installation import Cast, installation, make_cast
from benchmarks.knowledge import write_csv
from benchmarks.socket_client import CREATED, DELTA, open_socket

CHUNKS, QUESTIONS, WARM = 10_000, 80, 8


class Answer:
    """What a question's socket sees."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.stored: float | None = None
        self.done = asyncio.Event()

    def hear(self, moment: float, text: bytes) -> None:
        """Note the first delta and the stored answer."""
        if self.first is None and text.startswith(DELTA):
            self.first = moment
        if text.startswith(CREATED) and json.loads(text)["message"]["sender"] == "agent":
            self.stored = moment
            self.done.set()


async def ask(port: int, cast: Cast, chat_id: str, question: str) -> tuple[float, float]:
    """Ask one question; return the seconds to the first delta and to the stored answer."""
    answer = Answer()
    socket = await open_socket(port, chat_id, cast.key, answer.hear)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path, headers = f"/api/v1/chats/{chat_id}/messages/", {"Authorization": f"Api-Key {cast.key}"}
    wire = request("POST", path, headers, json.dumps({"content": question}).encode())
    began = time.perf_counter()
    writer.write(wire)
    await asyncio.wait_for(answer.done.wait(), 30)
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
    socket.close()
    if answer.first is None or answer.stored is None:
        raise RuntimeError(f"{question!r} was answered without a delta.")
    return answer.first - began, answer.stored - began


async def measure(report: Report, port: int, cast: Cast, questions: list[str]) -> None:
    """Ask one question after the other, each in a conversation of its own."""
    seconds = [await ask(port, cast, chat, asked) for chat, asked in zip(cast.chats, questions, strict=True)][WARM:]
    report.note(f"{len(seconds)} questions, {CHUNKS:,} passages")
    report.add("from POST to the first delta, median", percentile([first for first, _ in seconds], 0.5) * 1e3, "ms")
    report.add("  95th percentile", percentile([first for first, _ in seconds], 0.95) * 1e3, "ms", most=150)
    report.add("from POST to the stored answer, median", percentile([whole for _, whole in seconds], 0.5) * 1e3, "ms")


def main() -> None:
    """Measure with web and worker of the embedded layout."""
    with reporting() as report, installation() as made:
        cast = make_cast(QUESTIONS + WARM)
        known = write_csv(made.folder / "knowledge.csv", CHUNKS)
        import_file(made.folder / "knowledge.csv")
        report.note(f"{stored_chunks(made):,} passages stored")
        asked = [question for question, _answer, _language in random.Random(2).sample(known, QUESTIONS + WARM)]
        with made.running("web", "worker") as stack:
            uvloop.run(measure(report, stack.port, cast, asked))


if __name__ == "__main__":
    main()
