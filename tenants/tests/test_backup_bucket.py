"""Copies of backups in a bucket, over the wire of S3, to a server on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from moto.server import ThreadedMotoServer

from chats.models import ChatModel
from tenants.models import TenantModel
from tenants.tests.test_backup_copies import lose, run
from tenants.tests.test_restoring import folder, said, say

__all__ = ["folder"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])
KEYS = {"access_key": "a-key", "secret_key": "a-secret"}


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of a server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, folder: Path, settings: Any) -> Any:
    """A bucket of it, which the settings name; it is not made yet."""
    name = f"charla-{uuid4()}"  # the server keeps its buckets as long as this process lives
    options = {
        "bucket_name": name,
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "location": "charla",
        **KEYS,
    }
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**options, "default_acl": None}}
    settings.STORAGES = {**settings.STORAGES, "backups": backend}
    there: Any = storages["backups"]
    return there.bucket


def test_what_was_copied_to_a_bucket_is_restored_from_it(
    chat: ChatModel, tenant: TenantModel, bucket: Any, folder: Path
) -> None:
    bucket.create()
    say(chat, "uno")
    run("backup_data", "--type=database")
    say(chat, "dos")
    made = run("backup_data", "--type=database", "--incremental")
    say(chat, "tres")
    assert len(list(bucket.objects.filter(Prefix="charla/"))) == 2
    assert bucket.Object(f"charla/{made['copy']}").get()["Body"].read() == Path(made["path"]).read_bytes()
    lose(folder)
    assert [one["is_elsewhere"] for one in run("backup_data", "--list")["backups"]] == [True, True]
    run("restore_data", made["copy"])
    assert said(tenant) == ["uno", "dos"]


def test_a_bucket_that_is_not_there_is_an_error_and_the_backup_stays(
    chat: ChatModel, bucket: Any, folder: Path
) -> None:
    with pytest.raises(CommandError, match="NoSuchBucket"):
        call_command("backup_data", "--type=database", "--no-progress")
    assert len(list((folder / "backups").glob("*.backup"))) == 1


def test_no_process_loads_the_bucket_s_library_without_one() -> None:
    program = "import django, sys; django.setup(); import config.urls; print('boto3' in sys.modules)"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=True, timeout=120)
    assert done.stdout.strip() == b"False"
