"""The whole schema as a fuzzer reads it, against a listening server: no answer of 500, none that breaks the schema.

bin/test runs a short tier; `bin/test tests/probes/test_schemathesis.py --all-probes` all phases (examples, coverage,
fuzzing, stateful).
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test.testcases import LiveServerThread, _StaticFilesHandler
from drf_spectacular.renderers import OpenApiJsonRenderer

from tenants.models import Role, TenantModel
from tests.probes.known_rows import fill, settings_for
from tests.probes.operations import schema
from tests.probes.report import REPORT
from tests.probes.world import PLENTY, World
from tests.support.cast import client_of, client_with_key, make_tenant, member

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# What would end the caller's own admission, for good or for all: asked for last, by somebody who asks for nothing else.
GIVING_UP = r"/auth/(logout|logoutall|sessions)|/auth/second-factor|password|/api-keys/\{|/tenants/\{|/memberships/\{"
ASKS = {"owner": "--exclude-path-regex", "key": "--exclude-path-regex", "leaver": "--include-path-regex"}
QUICK = ("--phases=examples,fuzzing", "--max-examples=1")
WHOLE = ("--phases=examples,coverage,fuzzing,stateful", "--max-examples=25", "--continue-on-failure")


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    """A server on a port of its own."""
    server = LiveServerThread("127.0.0.1", _StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    yield f"http://127.0.0.1:{server.port}"
    server.terminate()


@pytest.fixture
def client(world: World, caller: str) -> Any:
    """An owner, or a key, of a tenant that the fuzzer may use up."""
    tenant = make_tenant(f"fuzzed-by-{caller}")
    fill(tenant)
    TenantModel.objects.filter(pk=tenant.pk).update(settings=dict(PLENTY))
    return client_with_key(tenant) if caller == "key" else client_of(member(tenant, Role.OWNER))


@pytest.mark.parametrize("caller", ["owner", pytest.param("key", marks=pytest.mark.all_probes), "leaver"])
def test_no_answer_is_a_server_error_or_breaks_the_schema(
    address: str, client: Any, caller: str, every_probe: bool, tmp_path: Path
) -> None:
    (tmp_path / "schemathesis.toml").write_text(settings_for(client))
    described = tmp_path / "schema.json"  # read from a file: asked for, it has to be there within ten seconds
    described.write_bytes(OpenApiJsonRenderer().render(schema()))
    command = [
        str(Path(sys.executable).with_name("st")), "run", str(described), f"--url={address}", f"--checks={CHECKS}",
        "--header", f"Authorization: {client._credentials['HTTP_AUTHORIZATION']}", "--suppress-health-check=all",
        "--no-color", "--generation-deterministic", "--request-timeout=60", f"{ASKS[caller]}={GIVING_UP}",
        *(WHOLE if every_probe else QUICK),
    ]  # fmt: skip
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    sent = re.search(r"(\d[\d,]*) generated", run.stdout)
    REPORT.add(f"requests of Schemathesis as {caller}", int(sent[1].replace(",", "")) if sent else 0)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    let_in = client.get("/api/v1/chats/")
    assert caller == "leaver" or let_in.status_code == 200, f"it was not let in to the end: {let_in.content!r}"
