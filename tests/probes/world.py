"""Two tenants with a row in every table, and everybody who may knock at the one's doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.core.management import call_command
from django.db import connection, models
from rest_framework.test import APIClient

from chats.services.lifecycle import create_chat
from chats.services.messages import post_message
from tenants.encryption import seal
from tenants.models import Membership, Role, TenantModel, User
from tenants.scope import in_tenant, tenant_scope
from tests.probes.rows import RowMaker, personal_models, relations, tenant_models
from tests.support.cast import PASSWORD, Visitor, client_of, client_with_key, make_tenant, make_visitor, member

OURS: Final = "probers"
THEIRS: Final = "neighbours"
MARK: Final = "zqsecret"  # stands in every text of the neighbour's rows: whoever sees it sees a leak
NAMES_THEM: Final = "owner with the neighbour's header"  # whose own word comes back
BELOW_ADMINISTRATORS: Final = ("agent", "viewer", "visitor", "nobody", "reading key", "speaking key", "member of none")
# Who may know that the neighbour exists, and who is there: a member of both, and who runs the installation.
IN_THE_KNOW: Final = ("member of both", "operator in our tenant")
PLENTY: Final = {
    "rate_limit_per_hour": 10_000_000,
    "key_rate_limit_per_hour": 10_000_000,
    "visitor_rate_limit_per_hour": 10_000_000,
}
ORDER = "SELECT md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), '')) FROM {} row WHERE tenant_id = %s"

OF_A_PERSON = ORDER.replace("tenant_id", "user_id")


@dataclass(repr=False)
class Tenant:
    """A tenant and its rows."""

    row: TenantModel
    owner: User
    rows: dict[type[models.Model], list[models.Model]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    spare: dict[type[models.Model], Any] = field(default_factory=dict)  # keys of rows to which nothing points

    @property
    def id(self) -> UUID:
        """Return the tenant's id."""
        return UUID(str(self.row.pk))

    def identifiers(self) -> list[str]:
        """Return everything by which its rows can be asked for, each once: keys, and unique or chosen names."""
        if self.names:
            return self.names
        found: dict[str, None] = {str(self.id): None, self.row.name: None, str(self.owner.pk): None}
        found[self.owner.email] = None
        for rows in self.rows.values():
            for row in rows:
                found.update(dict.fromkeys(identifiers_of(row)))
        self.names = list(found)
        return self.names

    @property
    def row_names(self) -> list[str]:
        """Return the identifiers of its rows alone."""
        people = {str(self.id), self.row.name, str(self.owner.pk), self.owner.email}
        return [name for name in self.identifiers() if name not in people]

    def of_model(self, model: type[models.Model]) -> list[str]:
        """Return the identifiers of the tenant's rows of one model."""
        return list(dict.fromkeys(name for row in self.rows.get(model, ()) for name in identifiers_of(row)))


def identifiers_of(row: models.Model) -> Iterator[str]:
    """Yield a row's key and its other names."""
    yield str(row.pk)
    for name in ("chat_id", "slug", "external_id"):
        value = getattr(row, name, None)
        if isinstance(value, str | UUID) and value:
            yield str(value)


@dataclass(repr=False)
class World:
    """Both tenants, and callers of ours by name."""

    ours: Tenant
    theirs: Tenant
    visitor: Visitor
    callers: dict[str, APIClient]
    tables: list[str]
    before: dict[str, list[Any]] = field(default_factory=dict)
    powers: dict[str, list[Any]] = field(default_factory=dict)
    people: list[UUID] = field(default_factory=list)

    def secrets_from(self, caller: str) -> list[str]:
        """Return what a caller's answers must not hold."""
        identity = [] if caller in IN_THE_KNOW else [str(self.theirs.id), self.theirs.owner.email]
        if caller not in {*IN_THE_KNOW, NAMES_THEM}:
            identity.append(THEIRS)
        return [MARK, *identity, *(name for name in self.theirs.row_names if len(name) > 30)]

    def privileges(self, caller: str) -> list[Any]:
        """Return who has powers that a caller cannot give: over the installation, and for most callers among us."""
        if caller.startswith("operator"):
            return []
        with in_tenant(self.ours.id):
            powerful = User.objects.filter(is_superuser=True) | User.objects.filter(is_staff=True)
            found: list[Any] = list(powerful.order_by("pk").values_list("pk", "is_superuser", "is_staff"))
            if caller in BELOW_ADMINISTRATORS:
                found += list(Membership.objects.order_by("pk").values_list("pk", "user_id", "role"))
            elif caller in {"admin", "key"}:  # they make no owner and unmake none
                found += list(Membership.objects.filter(role=Role.OWNER).order_by("pk").values_list("pk", "user_id"))
        return found

    def tables_and_people(self) -> list[type[models.Model]]:
        """Return every model whose columns somebody might try to set."""
        return [*self.theirs.rows, User, TenantModel]

    def unoffered(self) -> Iterator[dict[str, Any]]:
        """Yield bodies that name every column there is, with the neighbour's values and with powers."""
        columns = {field.name for model in self.tables_and_people() for field in model._meta.local_fields}
        columns |= {field.column for model in self.theirs.rows for field in model._meta.local_concrete_fields}
        yield dict.fromkeys(sorted(columns), str(self.theirs.id))
        yield {**dict.fromkeys(sorted(columns), True), "role": "owner", "permissions": ["*"], "scopes": ["*"]}
        for rows in list(self.theirs.rows.values())[:3]:
            yield dict.fromkeys(sorted(columns), str(rows[0].pk))

    def fingerprint(self, caller: str = "") -> list[str]:
        """Return what the neighbour's rows come to, table by table, as the running transaction sees them."""
        statement = " UNION ALL ".join(f"({ORDER.format(table)})" for table in self.tables)
        with tenant_scope(self.theirs.id), connection.cursor() as cursor:
            cursor.execute(statement, [str(self.theirs.id)] * len(self.tables))
            found = [str(value) for (value,) in cursor.fetchall()]
            cursor.execute(
                " UNION ALL ".join(f"({OF_A_PERSON.format(model._meta.db_table)})" for model in personal_models()),
                [self.theirs.owner.pk] * len(personal_models()),
            )
            found += [str(value) for (value,) in cursor.fetchall()]
            cursor.execute(
                "SELECT md5(t::text || coalesce(u::text, '')) FROM tenants_tenantmodel t, tenants_user u"
                " WHERE t.id = %s AND u.id = %s",
                [str(self.theirs.id), str(self.theirs.owner.pk)],
            )
            found += [str(value) for (value,) in cursor.fetchall() if caller not in IN_THE_KNOW]
        return found


def build_world() -> World:
    """Store both tenants; the caller sees to a database that may be emptied afterwards."""
    call_command("init_system", "--tenant", "main", "--skip-admin", "--json", "--no-progress", stdout=Nowhere())
    ours, theirs = _tenant(OURS, "probers"), _tenant(THEIRS, MARK)
    visitor = make_visitor(ours.row)
    callers = _callers(ours, theirs) | {"visitor": visitor.client}
    tables = [*(model._meta.db_table for model in tenant_models()), "tenants_workitem"]
    world = World(ours, theirs, visitor, callers, tables)
    with in_tenant(ours.row):
        world.people = list(Membership.objects.exclude(role=Role.VIEWER).values_list("user_id", flat=True))
    with rolled_back():
        world.before = {caller: world.fingerprint(caller) for caller in callers}
        world.powers = {caller: world.privileges(caller) for caller in callers}
    return world


class Nowhere:
    """Takes what a command prints."""

    def write(self, text: str) -> int:
        """Take it."""
        return len(text)

    def flush(self) -> None:
        """There is nothing to write out."""


def _tenant(name: str, mark: str) -> Tenant:
    tenant = make_tenant(name)
    tenant.settings = dict(PLENTY)
    tenant.save()
    found = Tenant(tenant, member(tenant, Role.OWNER))
    with in_tenant(tenant):
        chat = create_chat(user_id=f"{mark}-person", channel="api", title=f"{mark} title")
        for text in (f"{mark} asks", f"{mark} asks again"):
            post_message(chat_id=chat.chat_id, content=text)
    with in_tenant(tenant):
        seal("the tenant has its data key", context="probes")  # a real one, or nothing of ours could be sealed
        maker = RowMaker(mark, tenant.pk, found.owner)
        for model in personal_models():
            found.rows[model] = [maker.make(model)]
        for model in tenant_models():
            maker.row_of(model)
        found.spare = {model: maker.make(model).pk for model in {target for _model, _field, target in relations()}}
        for model in tenant_models():
            others = model._default_manager.filter(tenant_id=tenant.pk).exclude(pk=found.spare.get(model))
            found.rows[model] = list(others.order_by("pk"))
    return found


def _callers(ours: Tenant, theirs: Tenant) -> dict[str, APIClient]:
    """Return everybody who may knock, each with what it proves itself by."""
    people = {"owner": ours.owner, **{role: member(ours.row, Role(role)) for role in ("admin", "agent", "viewer")}}
    found = {role: client_of(user) for role, user in people.items()}
    both = User.objects.create_user("both@example.org", PASSWORD)
    for tenant in (ours, theirs):
        with in_tenant(tenant.row):
            Membership.objects.create(user=both, role=Role.OWNER)
    gone = User.objects.create_user("gone@example.org", PASSWORD)
    operator = User.objects.create_superuser("root@example.org", PASSWORD)
    cookie = APIClient()
    cookie.force_login(ours.owner)
    found |= {
        "nobody": APIClient(),
        "member of both": client_of(both, ours.row),
        "member of none": client_of(gone),
        NAMES_THEM: client_of(ours.owner, theirs.row),
        "operator in our tenant": client_of(operator, ours.row),
        "owner's session": cookie,
        "key": client_with_key(ours.row),
        "reading key": client_with_key(ours.row, "chats:read", "contacts:read"),
        "speaking key": client_with_key(ours.row, "chats:read", "chats:write", "messages:speak_as"),
    }
    for client in found.values():
        client.raise_request_exception = False
    return found


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo whatever is done inside."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)
