"""The people who write (api.md, `contacts/`)."""

from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from audit.services import AuditService
from chats.api.contact_serializers import ContactSerializer, ErasureSerializer
from chats.api.errors import api_errors
from chats.models import Contact, ErasureLedger
from chats.services.erasing import ask_to_erase, key_of
from chats.services.exporting import export_person
from chats.services.people import add_contact, change_contact, delete_contact
from chats.tasks import erase_person
from tenants.api.pagination import CursorPages
from tenants.api.views import TenantAPIView
from tenants.callers import CallerKind
from tenants.commits import call_after_commit
from tenants.models import Role
from tenants.scope import in_tenant


class ContactFilter(django_filters.FilterSet):
    """Filters of the list."""

    label = django_filters.CharFilter(field_name="labels", method="labelled")
    anonymized = django_filters.BooleanFilter(field_name="anonymized_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Contact
        fields = ["channel", "external_id", "email", "language"]

    def labelled(self, rows: QuerySet[Contact], name: str, value: str) -> QuerySet[Contact]:
        """Return those that have a label."""
        return rows.filter(labels__contains=[value])


class ContactPages(CursorPages):
    """The newest first."""

    ordering = ("-created_at", "-id")  # type: ignore[assignment]


class ContactViewSet(TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Contact]):
    """Contacts. To give out, erase or delete a person's data takes an administrator, or a key that may write."""

    resource = "contacts"
    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = ContactFilter
    pagination_class = ContactPages
    lookup_value_converter = "uuid"
    own_transactions = frozenset({"export"})
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Contact]:
        """Return the tenant's contacts."""
        return Contact.objects.all()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a person."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with api_errors():
            contact = add_contact(by=self.caller.user, **wanted.validated_data)
        return Response(self.get_serializer(contact).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what is known of a person; channel and id stay."""
        contact = self.get_object()
        wanted = self.get_serializer(contact, data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        with api_errors():
            contact = change_contact(contact, by=self.caller.user, **wanted.validated_data)
        return Response(self.get_serializer(contact).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a person who has no conversations."""
        self._refuse_all_but_administrators()
        with api_errors():
            delete_contact(self.get_object(), by=self.caller.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def export(self, request: Request, *args: Any, **kwargs: Any) -> FileResponse:
        """Give out all that is stored of a person: a ZIP with `person.json` and the files."""
        self._refuse_all_but_administrators()
        with in_tenant(cast("Any", self.caller.tenant_id)):
            contact = self.get_object()
            AuditService.log_event("contact_exported", self.caller.user, contact.tenant_id, "contact", str(contact.pk))
        name = f"contact-{contact.pk}.zip"
        return FileResponse(export_person(contact), as_attachment=True, filename=name, content_type="application/zip")

    @extend_schema(request=None, responses={202: ErasureSerializer, 200: ErasureSerializer})
    @action(detail=True, methods=["post"])
    def anonymize(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Erase a person for good. 202 until it is done, then 200 with the signed receipt."""
        self._refuse_all_but_administrators()
        erasure = ask_to_erase(self.get_object(), by=self.caller.user.pk if self.caller.user else None)
        if erasure.finished_at is not None:
            return Response(ErasureSerializer(erasure).data)
        call_after_commit(erase_person.delay, key_of(erasure))
        return Response(ErasureSerializer(erasure).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=ErasureSerializer)
    @action(detail=True, methods=["get"])
    def erasure(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return how far the erasure is, and its receipt."""
        erasure = ErasureLedger.objects.filter(person=self.get_object().pk).first()
        if erasure is None:
            raise NotFound
        return Response(ErasureSerializer(erasure).data)

    def _refuse_all_but_administrators(self) -> None:
        caller = self.caller
        is_key = caller.kind is CallerKind.KEY
        if not (caller.may("contacts", "write") if is_key else caller.has_rank(Role.ADMIN)):
            raise PermissionDenied(_("This takes an administrator."))
