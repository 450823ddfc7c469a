"""An installation to measure: servers that really write to the disk, the database as `bin/run` makes it, processes."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml

from config.stack.children import end_children, start_child
from config.stack.folder import DataFolder
from config.stack.processes import sweeper, web, worker
from config.stack.supervisor import Service
from tests.support.servers import Servers, throwaway_servers
from tests.support.stack import ProcessStack, free_port

ROOT = Path(__file__).resolve().parents[1]
TENANT = "bench"


@dataclass(frozen=True)
class Installation:
    """Servers with a prepared database; this process's Django uses them too."""

    servers: Servers
    folder: Path

    @property
    def postgres_pid(self) -> int:
        """The process id of PostgreSQL's postmaster."""
        return int((self.servers.postgres.data / "postmaster.pid").read_text().splitlines()[0])

    def owner(self) -> "psycopg.Connection[Any]":
        """Connect as the owner role, which no policy binds, in autocommit."""
        return psycopg.connect(self.servers.environment["DATABASE_OWNER_URL"], autocommit=True)

    @contextmanager
    def running(self, *names: str) -> Iterator[ProcessStack]:
        """Run processes: `web` (embedded, ASGI), `wsgi` (production's HTTP workers), `worker`, `sweeper`."""
        data, port = DataFolder(self.folder), free_port()
        data.open()
        env = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        env |= {"PYTHONUNBUFFERED": "1", "CHARLA_CRASH_POINTS": ""}
        made = (web(data, env, "127.0.0.1", port), worker(data, env), sweeper(data, env), wsgi(data, env, port))
        stack = ProcessStack({service.name: service for service in made}, port)
        try:
            for name in names:
                stack.launch(name)
            for name in names:
                if name in ("web", "wsgi"):
                    stack.wait_for(lambda: answers_at(port), "its /healthz", name)
                else:
                    stack.start(name)
            yield stack
        finally:
            end_children([(s.child, s.stop_signal, s.stop_seconds) for s in made if s.child is not None])


def answers_at(port: int) -> bool:
    """Tell whether a web server answers; /readyz would also ask for a worker, which some measurements leave out."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wsgi(folder: DataFolder, env: dict[str, str], port: int) -> Service:
    """Describe production's HTTP workers by the command that docker-compose.yml gives them."""
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["web-http"]
    words = [word.replace("${WEB_WORKERS:-2}", "2") for word in service["command"]]
    words = [f"--port={port}" if word.startswith("--port") else word for word in words]
    words = ["--host=127.0.0.1" if word.startswith("--host") else word for word in words]
    pool = service["environment"]["DATABASE_POOL_SIZE"]
    used = {**env, "CHARLA_PROCESS": "charla-web-http", "DATABASE_POOL_SIZE": pool}
    log = folder.logs / "wsgi.log"
    return Service("wsgi", log, lambda: start_child([sys.executable, "-m", *words], log=log, env=used, cwd=ROOT))


@contextmanager
def installation() -> Iterator[Installation]:
    """Start durable servers, migrate, make the tenant `bench`, and set this process's Django up on them."""
    with throwaway_servers(durable=True) as servers, tempfile.TemporaryDirectory(prefix="charla-bench-") as folder:
        os.environ |= {**servers.environment, "CHARLA_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        os.environ["CHARLA_ENVIRONMENT"] = "production"
        prepare = [sys.executable, "-m", "config.stack.prepare", f"{folder}/prepared.json", "--no-demo"]
        subprocess.run(prepare, cwd=ROOT, check=True, timeout=600, stdout=subprocess.DEVNULL)
        import django

        django.setup()
        yield Installation(servers, Path(folder))


@dataclass(frozen=True)
class Cast:
    """A tenant's program (its key) and conversations."""

    tenant_id: Any
    key: str
    chats: list[str]


def make_cast(chats: int, tenant: str = TENANT) -> Cast:
    """Make a tenant when it is missing, a key that may do everything, and conversations."""
    from agents.models import AgentModel
    from chats.lifecycle import ensure_web_channel
    from chats.services.lifecycle import create_chat
    from tenants.models import TenantModel
    from tenants.scope import in_tenant
    from tenants.services.credentials import make_api_key

    owner, is_new = TenantModel.objects.get_or_create(name=tenant, defaults={"default_language": "en"})
    with in_tenant(owner):
        if is_new:
            AgentModel.objects.create(name="Aurora", is_default=True)
            ensure_web_channel(owner)
        _row, secret = make_api_key(name="benchmark", scopes=["*"], user=None)
        made = [create_chat(user_id=f"person-{number}", channel="api") for number in range(chats)]
        for chat in made:
            chat.refresh_from_db()
    return Cast(owner.pk, secret, [str(chat.chat_id) for chat in made])


def body(number: int, content: str = "How long does it take until my order arrives?") -> bytes:
    """Return a message's JSON, with a client_message_id of its own."""
    return json.dumps({"content": content, "client_message_id": f"bench-{number}"}).encode()
