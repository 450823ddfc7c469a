"""Increments: what changed and what is gone since the backup before, and nothing else."""

from pathlib import Path

import pytest

from chats.models import ChatModel, ContentChatModel
from tenants.backups import restoring
from tenants.backups.container import Reader
from tenants.backups.errors import BackupError
from tenants.backups.making import Made, make
from tenants.backups.proving import prove
from tenants.deletion_models import Deletion
from tenants.models import TenantModel
from tenants.scope import OPERATIONS, in_tenant
from tenants.tests.test_restoring import folder, said, say
from tests.support.database import others_end

__all__ = ["folder"]
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "operations"])


@pytest.fixture
def chain(chat: ChatModel, folder: Path) -> list[Made]:
    """A full backup and two increments, between which rows came, changed and went."""
    say(chat, "uno", "dos", "tres")
    others_end()
    made = [make(kind="database")]
    with in_tenant(chat.tenant_id):
        ContentChatModel.objects.filter(content="dos").delete()
        ContentChatModel.objects.filter(content="tres").update(content="drei")
    made.append(make(kind="database", incremental=True))
    with in_tenant(chat.tenant_id):
        ContentChatModel.objects.filter(content="drei").delete()
        ContentChatModel.objects.create(chat=chat, sequence=9, content="vier", sender="user", language="en")
    made.append(make(kind="database", incremental=True))
    return made


def test_an_increment_brings_the_last_state_back(chain: list[Made], chat: ChatModel, tenant: TenantModel) -> None:
    say(chat, "later")
    restoring.restore_database(chain[2].path)
    assert said(tenant) == ["uno", "vier"]


def test_each_one_leads_to_its_own_moment(chain: list[Made], tenant: TenantModel) -> None:
    restoring.restore_database(chain[1].path)
    assert said(tenant) == ["uno", "drei"]


def test_an_increment_holds_what_changed_alone(chain: list[Made]) -> None:
    with Reader(chain[1].path) as reader:
        assert reader.manifest.part("table/chats_contentchatmodel").rows == 1
        assert reader.manifest.part("table/tenants_tenantmodel").rows == 0


def test_the_deepest_verification_sees_the_whole_chain(chain: list[Made]) -> None:
    assert prove(chain[2].path, depth="restore").depth == "restore"


def test_an_increment_without_what_it_follows_is_refused(chain: list[Made], tenant: TenantModel) -> None:
    chain[1].path.unlink()
    with pytest.raises(BackupError, match="follows the backup"):
        restoring.restore_database(chain[2].path)
    assert said(tenant) == ["uno", "vier"]


def test_the_first_one_is_full_and_says_so(chat: ChatModel, folder: Path) -> None:
    made = make(kind="database", incremental=True)
    assert not made.manifest.base
    assert made.reason


def test_after_a_restore_the_next_one_is_full(chain: list[Made]) -> None:
    restoring.restore_database(chain[2].path)
    assert not make(kind="database", incremental=True).manifest.base


def test_the_ledger_knows_keys_and_the_application_does_not_see_it(chain: list[Made]) -> None:
    told = Deletion.objects.using(OPERATIONS).filter(table_name="chats_contentchatmodel")
    assert told.count() == 2
