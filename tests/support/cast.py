"""The fixed cast: two tenants, four roles, a visitor, a program with a key."""

from dataclasses import dataclass
from typing import Any

import pytest
from rest_framework.test import APIClient

from agents.models import AgentModel
from chats.lifecycle import ensure_web_channel
from chats.models import Channel, ChatModel
from chats.services.lifecycle import create_chat
from chats.services.visitors import open_session
from tenants.models import Membership, Role, TenantModel, User
from tenants.scope import in_tenant
from tenants.services.credentials import make_api_key

PASSWORD = "correct horse battery staple"


def make_tenant(name: str) -> TenantModel:
    """Store a tenant with an agent and a web channel."""
    tenant = TenantModel.objects.create(name=name, display_name=name.title(), default_language="en")
    with in_tenant(tenant):
        AgentModel.objects.create(name="Aurora", is_default=True)
        ensure_web_channel(tenant)
    return tenant


@pytest.fixture
def tenant(db: None) -> TenantModel:
    """The tenant that tests speak of."""
    return make_tenant("acme")


@pytest.fixture
def neighbour(db: None) -> TenantModel:
    """Another tenant on the same installation."""
    return make_tenant("neighbour")


def member(tenant: TenantModel, role: Role) -> User:
    """Store a member of a tenant."""
    user = User.objects.create_user(f"{role}@{tenant.name}.example", PASSWORD)
    with in_tenant(tenant):
        Membership.objects.create(user=user, role=role)
    return user


@pytest.fixture
def owner(tenant: TenantModel) -> User:
    """Who owns the tenant."""
    return member(tenant, Role.OWNER)


@pytest.fixture
def admin(tenant: TenantModel) -> User:
    """Who administers the tenant."""
    return member(tenant, Role.ADMIN)


@pytest.fixture
def colleague(tenant: TenantModel) -> User:
    """Who answers people."""
    return member(tenant, Role.AGENT)


@pytest.fixture
def viewer(tenant: TenantModel) -> User:
    """Who only looks."""
    return member(tenant, Role.VIEWER)


@pytest.fixture
def outsider(neighbour: TenantModel) -> User:
    """Who owns the neighbour."""
    return member(neighbour, Role.OWNER)


@pytest.fixture
def operator(db: None) -> User:
    """Who runs the installation."""
    return User.objects.create_superuser("operator@charla.example", PASSWORD)


@pytest.fixture
def chat(tenant: TenantModel) -> ChatModel:
    """A conversation with the tenant's agent."""
    with in_tenant(tenant):
        return create_chat(user_id="person-1", channel="api")


@pytest.fixture
def their_chat(neighbour: TenantModel) -> ChatModel:
    """A neighbour's conversation."""
    with in_tenant(neighbour):
        return create_chat(user_id="person-1", channel="api")


def client_of(user: User, tenant: TenantModel | None = None) -> APIClient:
    """Return an API client of a person with a token."""
    from knox.models import get_token_model

    _stored, token = get_token_model().objects.create(user)
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Token {token}"}
    if tenant is not None:
        headers["HTTP_X_TENANT"] = tenant.name
    client = APIClient()
    client.credentials(**headers)
    return client


def client_with_key(tenant: TenantModel, *scopes: str) -> APIClient:
    """Return an API client of a program with a key of these scopes (all, when none is named)."""
    with in_tenant(tenant):
        _key, secret = make_api_key(name="program", scopes=list(scopes) or ["*"], user=None)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {secret}")
    return client


@dataclass(frozen=True)
class Visitor:
    """A visitor of a tenant's widget."""

    client: APIClient
    token: str
    chat: ChatModel


def make_visitor(tenant: TenantModel) -> Visitor:
    """Open a visitor's session."""
    with in_tenant(tenant):
        grant = open_session(locale="en")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {grant.token}")
    return Visitor(client, grant.token, grant.chat)


@pytest.fixture
def visitor(tenant: TenantModel) -> Visitor:
    """Somebody on the tenant's page."""
    return make_visitor(tenant)


def publishable_key(tenant: TenantModel) -> str:
    """Return the key of the tenant's widget."""
    with in_tenant(tenant):
        return Channel.objects.get(name="web").publishable_key
