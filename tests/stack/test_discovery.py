"""How manage.py finds its servers."""

import os
from pathlib import Path

import pytest

from config.stack.discovery import command_environment
from config.stack.errors import StackError
from config.stack.folder import DataFolder

OWN = {"DATABASE_URL": "postgresql://app@/x", "DATABASE_OWNER_URL": "postgresql://owner@/x", "SECRET_KEY": "s"}


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """The data folder of a stack that runs, unless the lock is let go."""
    made = DataFolder(tmp_path)
    made.open()
    made.write_json("state.json", {"pid": os.getpid(), "environment": OWN})
    return made


def test_a_command_beside_a_running_stack_uses_its_servers_as_the_application(folder: DataFolder) -> None:
    with folder.lock():
        found = command_environment(["health_check"], {"CHARLA_DATA_DIR": str(folder.root)})
    assert found == {"DATABASE_URL": "postgresql://app@/x", "SECRET_KEY": "s"}


def test_migrate_beside_a_running_stack_runs_as_the_owner(folder: DataFolder) -> None:
    with folder.lock():
        found = command_environment(["migrate"], {"CHARLA_DATA_DIR": str(folder.root)})
    assert found["DATABASE_URL"] == "postgresql://owner@/x"


def test_restoring_runs_as_the_application_and_knows_the_owner(folder: DataFolder) -> None:
    with folder.lock():
        found = command_environment(["restore_data", "x"], {"CHARLA_DATA_DIR": str(folder.root)})
    assert found == OWN


def test_what_a_killed_stack_left_behind_is_not_believed(folder: DataFolder) -> None:
    with pytest.raises(StackError, match="start bin/run"):
        command_environment(["health_check"], {"CHARLA_DATA_DIR": str(folder.root)})


def test_a_command_without_servers_is_told_to_start_them(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="start bin/run"):
        command_environment(["health_check"], {"CHARLA_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("arguments", [["check"], ["makemigrations", "--check"], ["health_check", "--help"], []])
def test_what_needs_no_server_runs_without_one(tmp_path: Path, arguments: list[str]) -> None:
    assert "DATABASE_URL" not in command_environment(arguments, {"CHARLA_DATA_DIR": str(tmp_path)})


def test_given_urls_stand_and_the_owner_migrates(tmp_path: Path) -> None:
    assert command_environment(["health_check"], OWN) == {}
    assert command_environment(["migrate"], OWN) == {"DATABASE_URL": "postgresql://owner@/x"}
