"""Setting an installation up, and the base that all commands share."""

import io
import json
import threading
from typing import Any

import pytest
from django.core.management import CommandError, ManagementUtility, call_command
from django.core.management.base import BaseCommand

from chats.models import Channel, ChatModel
from tenants.management.base import NICENESS, CharlaCommand, TenantCommand
from tenants.management.commands import sweep
from tenants.models import Membership, SystemConfig, TenantModel, User
from tenants.scope import in_tenant
from tenants.services.sweeping import Swept
from tenants.signals import command_finished

pytestmark = pytest.mark.django_db


def run(*words: str) -> Any:
    """Run a command and return what it says as JSON."""
    out = io.StringIO()
    call_command(*words, "--json", stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_init_system_makes_an_operator_a_tenant_and_its_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHARLA_ADMIN_PASSWORD", raising=False)
    done = run("init_system", "--tenant", "first", "--admin-email", "Boss@Example.com")
    boss = User.objects.get(email="boss@example.com")
    assert boss.check_password(done["password"])
    assert boss.password.startswith("bcrypt_sha256$")
    tenant = TenantModel.objects.get(name="first")
    with in_tenant(tenant):
        assert Membership.objects.get(user=boss).role == "owner"
        assert Channel.objects.get().publishable_key.startswith("pk_")
    assert SystemConfig.objects.filter(config_key="maintenance_mode").exists()


def test_init_system_again_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARLA_ADMIN_PASSWORD", "a password of one's own")
    assert run("init_system")["password"] is None
    again = run("init_system")
    assert (again["admin_created"], again["password"]) == (False, None)
    assert (User.objects.count(), TenantModel.objects.count()) == (1, 1)
    assert User.objects.get().check_password("a password of one's own")


def test_init_system_can_leave_the_administrator_out() -> None:
    assert run("init_system", "--skip-admin")["admin"] is None
    assert User.objects.count() == 0


@pytest.mark.parametrize("name", ["all", "", " ", "../../etc", "a\nb", "x" * 64])
@pytest.mark.parametrize("command", ["init_system", "setup_demo_data"])
def test_a_tenant_gets_no_name_that_a_command_or_a_file_cannot_hold(command: str, name: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(command, "--tenant", name)
    assert refused.value.returncode == 2
    assert (User.objects.count(), TenantModel.objects.count(), SystemConfig.objects.count()) == (0, 0, 0)


def test_a_tenant_of_a_name_from_before_is_found_again() -> None:
    TenantModel.objects.create(name="all")
    assert run("init_system", "--tenant", "all", "--skip-admin")["tenant"] == "all"


@pytest.mark.parametrize("command", ["init_system", "setup_demo_data"])
def test_a_dry_run_changes_nothing_and_says_what_would_be(command: str) -> None:
    plan = run(command, "--dry-run", "--tenant", "shop")
    assert (User.objects.count(), TenantModel.objects.count(), SystemConfig.objects.count()) == (0, 0, 0)
    assert (plan["tenant"], plan["tenant_exists"], plan["admin_exists"]) == ("shop", False, False)
    done = run(command, "--tenant", "shop", "--no-progress")
    assert set(done["steps"]) <= set(plan["steps"])
    assert run(command, "--dry-run", "--tenant", "shop")["tenant_exists"]


def test_a_dry_run_of_init_system_names_the_administrator_that_is_there() -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        run("init_system", "--dry-run", "--admin-email", "nobody")
    assert run("init_system", "--dry-run", "--admin-email", "a@example.com")["admin"] == "a@example.com"
    run("init_system", "--admin-email", "b@example.com")
    plan = run("init_system", "--dry-run", "--admin-email", "a@example.com")
    assert (plan["admin"], plan["admin_exists"]) == ("b@example.com", True)


def test_setup_demo_data_is_worth_looking_at_and_safe_to_repeat() -> None:
    run("init_system", "--tenant", "demo")
    run("setup_demo_data", "--no-progress")
    tenant = TenantModel.objects.get(name="demo")
    with in_tenant(tenant):
        chats = ChatModel.objects.count()
    run("setup_demo_data", "--no-progress")
    with in_tenant(tenant):
        assert ChatModel.objects.count() == chats


class Greet(TenantCommand):
    """A command of a tenant."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Say which tenants were meant."""
        names = [tenant.name for tenant in self.tenants(options)]
        self.result({"names": names}, ", ".join(names), as_json=options["json"])


def called(command: BaseCommand, *words: str) -> str:
    """Run a command that is not installed."""
    out = io.StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue().strip()


def test_all_tenants_are_meant_unless_one_is_named(tenant: TenantModel, neighbour: TenantModel) -> None:
    assert called(Greet()) == "acme, neighbour"
    assert called(Greet(), "--tenant", "neighbour") == "neighbour"


def test_an_unknown_tenant_is_named_and_the_close_ones_offered(tenant: TenantModel) -> None:
    with pytest.raises(CommandError, match=r"“acmee”.*acme"):
        called(Greet(), "--tenant", "acmee")


def test_a_command_for_one_tenant_takes_the_only_one(tenant: TenantModel) -> None:
    command = Greet()
    command.one_tenant = True
    assert called(command) == "acme"


def test_a_command_for_one_tenant_wants_a_name_when_there_are_two(tenant: TenantModel, neighbour: TenantModel) -> None:
    command = Greet()
    command.one_tenant = True
    with pytest.raises(CommandError) as refused:
        called(command)
    assert refused.value.returncode == 2


def test_output_speaks_the_language_asked_for(tenant: TenantModel) -> None:
    with pytest.raises(CommandError, match="No hay ningún tenant"):
        called(Greet(), "--tenant", "nobody", "--lang", "es")


def test_each_run_is_told_to_who_listens(tenant: TenantModel) -> None:
    told: list[dict[str, Any]] = []

    def listen(**message: Any) -> None:
        told.append(message)

    command_finished.connect(listen)
    called(Greet())
    with pytest.raises(CommandError):
        called(Greet(), "--tenant", "nobody")
    assert [message["outcome"] for message in told] == ["done", "failed"]


def test_sweep_runs_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Swept] = []

    def sweep_once_then_stop(*, stopped: threading.Event, beat: Any) -> None:
        beat(Swept(rung=1))
        seen.append(Swept(rung=1))
        stopped.set()

    monkeypatch.setattr(sweep, "sweep_forever", sweep_once_then_stop)
    monkeypatch.setattr("signal.signal", lambda *_arguments: None)
    call_command("sweep")
    assert seen == [Swept(rung=1)]


@pytest.mark.parametrize("command", ["init_system", "setup_demo_data", "sweep", "import_knowledge", "health_check"])
@pytest.mark.parametrize("words", [[], ["--lang", "es"], ["--lang=es"]])
def test_each_command_explains_itself(command: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ManagementUtility(["manage.py", command, *words, "--help"]).execute()
    assert ended.value.code == 0
    assert f"manage.py {command}" in capsys.readouterr().out


@pytest.mark.parametrize("changes", [True, False])
def test_a_command_for_much_data_leaves_the_processor_to_others(
    monkeypatch: pytest.MonkeyPatch, *, changes: bool
) -> None:
    class Command(CharlaCommand):
        changes_data = changes

    asked: list[int] = []
    monkeypatch.setattr("tenants.management.base.os.nice", asked.append)
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "command", "--help"])
    assert asked == ([NICENESS] if changes else [])


def test_ctrl_c_is_answered_in_a_word_and_not_by_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Command(CharlaCommand):
        def handle(self, *args: Any, **options: Any) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("django.core.management.base.connections.close_all", lambda: None)  # the test's own
    err = io.StringIO()
    with pytest.raises(SystemExit) as left:
        Command(stderr=err).run_from_argv(["manage.py", "command", "--lang=es"])
    assert (left.value.code, err.getvalue().strip()) == (130, "Detenido.")
