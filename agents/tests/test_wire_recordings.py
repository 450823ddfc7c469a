"""Recorded answers of real providers, replayed byte for byte. The set is found by CHARLA_DATASETS (`llm_wire`)."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ProviderError
from agents.providers import wire
from agents.providers.background import iterate
from agents.replies import ConversationTurn
from agents.tests.wire_server import FakeModels, fake_models, whole

pytestmark = pytest.mark.datasets
KINDS = {"openai": "openai", "anthropic": "anthropic"}
SPOKEN = ("chat.completions", "messages")
Recording = dict[str, Any]


def recordings(kind: str) -> list[Recording]:
    """Return the recordings of a kind (sse or error) in a format that Charla speaks; print how many it does not."""
    path = Path(os.environ.get("CHARLA_DATASETS", "/nowhere")) / "llm_wire" / "recordings.jsonl.gz"
    if not path.is_file():
        print(f"The recordings were not replayed: {path} is no file.")  # noqa: T201 - decision 38
        pytest.skip("no data sets")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [recording for recording in map(json.loads, lines) if recording["kind"] == kind]
    spoken = [recording for recording in found if recording["api"] in SPOKEN]
    others = Counter(f"{one['provider']} {one['api']}" for one in found if one["api"] not in SPOKEN)
    print(f"{kind}: {len(spoken)} of {len(found)} are of a format that Charla speaks; not: {dict(others)}")  # noqa: T201
    return spoken


@pytest.fixture
def models(settings: Any) -> Iterator[FakeModels]:
    """Run the server that replays."""
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    with fake_models() as running:
        yield running


def replay(models: FakeModels, recording: Recording) -> tuple[str, wire.Outcome]:
    """Return the text and the outcome that Charla reads from a recording."""
    answer = recording["response"]
    kind = KINDS.get(recording["provider"], "openai_compatible")
    headers = {name: value for name, value in answer["headers"].items() if name == "retry-after"}
    content_type = answer["headers"].get("content-type", "text/event-stream")
    models.script[:] = [whole(answer["status"], answer["body"].encode(), content_type, **headers)]
    name = json.loads(recording["request"]["body"] or "{}").get("model") or "m"
    turns = [ConversationTurn("user", "What was asked?")]
    call = wire.ModelCall(kind, name, name, models.base_url(kind), "secret", "", turns, 0.5, 100)
    *text, outcome = iterate(lambda: wire.generate(call), heartbeat=30)
    assert isinstance(outcome, wire.Outcome)
    return "".join(str(piece) for piece in text), outcome


def tokens(usage: dict[str, Any] | None) -> tuple[int, int]:
    """Return what was read and written; Anthropic counts apart what came from its cache."""
    counted = usage or {}
    cached = sum(counted.get(name) or 0 for name in ("cache_creation_input_tokens", "cache_read_input_tokens"))
    read = counted.get("prompt_tokens") or (counted.get("input_tokens") or 0) + cached
    return read, counted.get("completion_tokens") or counted.get("output_tokens") or 0


def test_recorded_streams_are_read_as_they_were_meant(models: FakeModels) -> None:
    wrong, outcomes = [], Counter[str]()
    for recording in recordings("sse"):
        expected = recording["expected"]
        if len(expected["text"]) > 1:
            outcomes["several answers at once, which Charla asks of no model"] += 1
            continue
        meant = (expected["text"].get("0", ""), tokens(expected["usage"]))
        try:
            text, outcome = replay(models, recording)
        except ProviderError as error:
            outcomes["refused in the middle, or cut off"] += 1
            found: Any = str(error)
            is_right = not expected["finish_reason"]
        else:
            outcomes["text and tokens as expected"] += 1
            found = (text, (outcome.input_tokens, outcome.output_tokens))
            is_right = found == meant
        wrong += [] if is_right else [(recording["id"], found, meant)]
    print(dict(outcomes))  # noqa: T201
    assert wrong == []
    assert outcomes["text and tokens as expected"] >= 83


def test_recorded_refusals_are_told_apart(models: FakeModels) -> None:
    reasons: Counter[str] = Counter()
    for recording in recordings("error"):
        with pytest.raises(ProviderError) as raised:
            replay(models, recording)
        reasons[f"{recording['response']['status']} {raised.value.reason}"] += 1
    print(dict(reasons))  # noqa: T201
    assert set(reasons) <= {"400 rejected", "404 not_found", "429 rate_limited"}
