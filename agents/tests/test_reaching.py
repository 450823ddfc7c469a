"""Whether the models' providers can be reached: seen by health_check, without a say in whether Charla is ready."""

from typing import Any

import httpx2
import pytest

from agents.models import AIModel
from agents.services import reaching
from metrics.probes import PROBES, examine, forget, readiness

pytestmark = pytest.mark.django_db(transaction=True)
DOWN = "https://down.example/v1"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked for outside, where one address does not answer."""
    found: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        found.append(str(request.url))
        assert "authorization" not in request.headers
        if request.url.host == "down.example":
            raise httpx2.ConnectError("refused")
        return httpx2.Response(401)

    monkeypatch.setattr(reaching, "client", lambda **limits: httpx2.Client(transport=httpx2.MockTransport(answer)))
    return found


def model(name: str, provider: str, **fields: Any) -> None:
    AIModel.objects.create(name=name, provider=provider, **fields)


def test_built_in_models_ask_nobody(asked: list[str]) -> None:
    model("own", "builtin")
    reaching.reach_providers(1)
    assert asked == []


def test_each_address_in_use_is_asked_once_and_any_answer_will_do(asked: list[str]) -> None:
    model("one", "openai")
    model("two", "openai")
    model("three", "anthropic")
    model("off", "openai_compatible", base_url=DOWN, is_active=False)
    reaching.reach_providers(1)
    assert asked == ["https://api.anthropic.com", "https://api.openai.com/v1"]


def test_one_that_does_not_answer_is_a_finding_of_health_check_and_charla_is_ready(asked: list[str]) -> None:
    model("far", "openai_compatible", base_url=DOWN)
    [finding] = examine(["providers"])
    assert (finding.ok, finding.error) == (False, f"{DOWN}: ConnectError")
    assert "down.example" not in finding.detail
    with PROBES.lent(providers=PROBES["providers"]):
        forget()
        assert readiness() == []
        forget()
