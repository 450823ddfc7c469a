"""A channel in the administration: what a tenant needs to put the widget on its pages."""

import pytest
from django.urls import reverse

from chats.models import Channel
from tenants.models import TenantModel, User
from tenants.scope import OPERATIONS, in_tenant
from tests.support.administration import browser_of

pytestmark = pytest.mark.django_db(databases=["default", OPERATIONS])


@pytest.fixture
def channel(tenant: TenantModel) -> Channel:
    with in_tenant(tenant):
        return Channel.objects.get(name="web")


def test_an_administrator_finds_the_line_for_the_page_and_the_secret(admin: User, channel: Channel) -> None:
    page = browser_of(admin).get(reverse("admin:chats_channel_change", args=[channel.pk])).content.decode()
    assert f"data-key=&quot;{channel.publishable_key}&quot;" in page
    assert channel.widget_secret in page


def test_the_secret_is_not_for_colleagues(colleague: User, channel: Channel) -> None:
    answer = browser_of(colleague).get(reverse("admin:chats_channel_change", args=[channel.pk]))
    assert answer.status_code == 403
    assert channel.widget_secret not in answer.content.decode()


def test_the_list_does_not_show_secrets(admin: User, channel: Channel) -> None:
    page = browser_of(admin).get(reverse("admin:chats_channel_changelist")).content.decode()
    assert channel.publishable_key in page
    assert channel.widget_secret not in page
