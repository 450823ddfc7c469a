"""Language models' libraries are heavy: a process that asks no model does not load them."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

HEAVY = ("pydantic_ai", "openai", "anthropic", "agents.providers.wire")
LOADED = f"import sys; print(sorted(name for name in {HEAVY!r} if name in sys.modules))"


def loaded_by(code: str) -> str:
    here = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )  # it has our tables
    env = {**os.environ, "DATABASE_URL": here.geturl()}
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{LOADED}"], capture_output=True, text=True, check=True, env=env
    )
    return run.stdout.strip().splitlines()[-1]


def test_the_web_process_loads_no_language_models_library() -> None:
    web = "import config.asgi, config.wsgi, config.urls; from django.contrib import admin; admin.autodiscover()"
    assert loaded_by(web) == "[]"


def test_a_worker_that_asks_no_model_loads_none_either() -> None:
    worker = "import config.wsgi, chats.tasks, agents.services.agent_service"
    assert loaded_by(worker) == "[]"


def test_a_model_of_one_provider_does_not_load_the_others_library() -> None:
    call = "wire.ModelCall(kind, 'm', 'm', 'http://127.0.0.1:9', 's', '', (), 0.5, 10)"
    for kind, other in (("openai", "anthropic"), ("anthropic", "openai")):
        code = f"import config.wsgi; from agents.providers import wire; kind = {kind!r}; wire.model_of({call})"
        assert kind in loaded_by(code)
        assert f"'{other}'" not in loaded_by(code)
