"""Knowledge: bases, their documents, imports and the search (api.md)."""

from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from agents.api.serializers import (
    ImportReportSerializer,
    KnowledgeBaseSerializer,
    KnowledgeDocumentSerializer,
    KnowledgeSearchSerializer,
    KnowledgeUploadSerializer,
)
from agents.api.views import METHODS
from agents.models import KnowledgeBase, KnowledgeDocument
from agents.services.agents import audit
from agents.services.documents import Entry, store
from agents.services.importing.columns import read_mapping
from agents.services.importing.importer import READERS, FileReport, Importer, ImportOptions
from agents.services.importing.records import UnreadableFileError
from agents.services.language import guess_language
from agents.services.retrieval import search
from tenants.api.views import TenantAPIView
from tenants.scope import current_tenant_id, in_tenant

LARGEST_UPLOAD = 10 << 20
PROBLEMS_SHOWN = 50
MOST_RESULTS = 50
USUAL_RESULTS = 10


class TooLargeError(APIException):
    """413."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("Files over 10 MB are imported with manage.py import_knowledge."))


class KnowledgeBaseViewSet(TenantAPIView, ModelViewSet[KnowledgeBase]):
    """The tenant's knowledge bases."""

    resource = "knowledge-bases"
    own_transactions = frozenset({"import_file"})
    serializer_class = KnowledgeBaseSerializer
    filterset_fields = ["name", "language"]
    lookup_value_converter = "uuid"
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[KnowledgeBase]:
        """Return the tenant's bases."""
        return KnowledgeBase.objects.all()

    def perform_create(self, serializer: Any) -> None:
        """Make a base."""
        audit("knowledge_base_created", "knowledge_base", serializer.save(), self.caller.user)

    def perform_destroy(self, instance: KnowledgeBase) -> None:
        """Delete a base with all that is in it."""
        audit("knowledge_base_deleted", "knowledge_base", instance, self.caller.user)
        instance.delete()

    @extend_schema(request={"multipart/form-data": KnowledgeUploadSerializer}, responses=ImportReportSerializer)
    @action(detail=True, methods=["post"], url_path="import", parser_classes=[MultiPartParser])
    def import_file(self, request: Request, pk: UUID) -> Response:
        """Import an uploaded file; with `level=strict`, all of it or nothing."""
        with in_tenant(current_tenant_id()):
            base = self.get_object()
        wanted = KnowledgeUploadSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        upload = fields["file"]
        if upload.size > LARGEST_UPLOAD:
            raise TooLargeError
        with NamedTemporaryFile(suffix=".upload") as file:
            for block in upload.chunks():
                file.write(block)
            file.flush()
            report = Importer(base, _options(fields)).run([Path(file.name)], names=[Path(upload.name).name])
        with in_tenant(current_tenant_id()):
            audit("knowledge_imported", "knowledge_base", base, self.caller.user)
        return Response(ImportReportSerializer({"base": base.name, **_shown(report.files[0])}).data)


def _options(fields: dict[str, Any]) -> ImportOptions:
    if fields["format"] and fields["format"] not in READERS:
        raise ValidationError({"format": [_("This format cannot be imported.")]}, code="unsupported_type")
    try:
        mapping = read_mapping(fields["mapping"])
    except UnreadableFileError as error:
        raise ValidationError({"mapping": [str(error)]}, code="invalid") from error
    return ImportOptions(fields["format"], fields["encoding"], mapping, fields["level"])


def _shown(report: FileReport) -> dict[str, Any]:
    if report.refused:
        told = [_("Line %(line)s: %(message)s") % asdict(problem) for problem in report.problems[:PROBLEMS_SHOWN]]
        raise ValidationError({"file": told}, code="invalid")
    return {**report.as_dict(), "problems": [asdict(problem) for problem in report.problems[:PROBLEMS_SHOWN]]}


class KnowledgeDocumentViewSet(
    TenantAPIView,
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[KnowledgeDocument],
):
    """The documents of a base."""

    resource = "knowledge-bases"
    queryset = KnowledgeDocument.objects.all()
    serializer_class = KnowledgeDocumentSerializer
    filterset_fields = ["language", "status"]
    lookup_url_kwarg = "document_id"

    def get_queryset(self) -> QuerySet[KnowledgeDocument]:
        """Return the documents of the base in the path."""
        return KnowledgeDocument.objects.filter(base_id=self.kwargs["base_id"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the documents; 404 for a base that the tenant does not have."""
        self._base()
        return super().list(request, *args, **kwargs)

    @extend_schema(responses={200: KnowledgeDocumentSerializer, 201: KnowledgeDocumentSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Store a document: 201; one of the same title takes the place of the one before: 200."""
        base = self._base()
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        entry = Entry(**wanted.validated_data)
        stored = store(base, [entry])
        document = KnowledgeDocument.objects.get(base=base, key=entry.identity)
        code = status.HTTP_201_CREATED if stored.created else status.HTTP_200_OK
        return Response(self.get_serializer(document).data, status=code)

    def _base(self) -> KnowledgeBase:
        return get_object_or_404(KnowledgeBase.objects.all(), pk=self.kwargs["base_id"])


class KnowledgeSearchView(TenantAPIView):
    """Search in the tenant's knowledge."""

    resource = "knowledge"

    @extend_schema(
        operation_id="knowledge_search",
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, required=True),
            OpenApiParameter("base", OpenApiTypes.STR, description="Name of a base; all of them by default."),
            OpenApiParameter("limit", OpenApiTypes.INT, description="1 to 50, usually 10."),
        ],
        responses=KnowledgeSearchSerializer,
    )
    def get(self, request: Request) -> Response:
        """Return the passages that answer best, one of each document."""
        query = request.query_params.get("q", "").strip()
        if not query:
            raise ValidationError({"q": [_("Say what to search for.")]}, code="required")
        name = request.query_params.get("base", "")
        if name and not KnowledgeBase.objects.filter(name=name).exists():
            raise NotFound(_("There is no such knowledge base."))
        passages = search(
            query=query, base_names=[name] if name else None, limit=_limit(request), language=guess_language(query)
        )
        results = [{**asdict(passage), "document": str(passage.document_id)} for passage in passages]
        return Response(KnowledgeSearchSerializer({"results": results}).data)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL_RESULTS))
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= MOST_RESULTS:
        raise ValidationError({"limit": [_("A number from 1 to 50.")]}, code="invalid")
    return int(text)
