"""Files of a conversation (api.md, `media/`; decision 32)."""

from typing import Any
from uuid import UUID

from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chats.api.errors import api_errors, too_fast
from chats.api.serializers import MessageSerializer
from chats.api.views import MessageViewSet
from chats.media_answers import file_answer, wanted_range
from chats.models import MediaContentModel
from chats.services.media import post_media
from chats.services.pace import seconds_to_wait
from chats.services.visibility import chats_of
from tenants.scope import in_tenant


class FilesParser(MultiPartParser):
    """A form with files; one that is not in order is refused as one."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the form's fields and files."""
        try:
            return super().parse(stream, media_type, parser_context)
        except (TooManyFilesSent, TooManyFieldsSent, UnicodeDecodeError) as error:
            raise ParseError(_("The form has too many parts, or cannot be read.")) from error


class MediaUploadSerializer(serializers.Serializer[Any]):
    """A message with files."""

    file = serializers.ListField(child=serializers.FileField())
    content = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    sender = serializers.ChoiceField(choices=["user", "agent", "staff"], required=False)
    client_message_id = serializers.CharField(required=False, max_length=64)
    in_response_to = serializers.CharField(required=False)


class MediaViewSet(MessageViewSet):
    """A conversation's files: sent as a message, fetched one by one by whoever may read the conversation."""

    visitor_actions: tuple[str, ...] = ("create", "retrieve", "thumbnail")
    parser_classes = [FilesParser]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Let a browser ask for a picture: what is answered is a file, or an error in JSON."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        request={"multipart/form-data": MediaUploadSerializer},
        responses={201: MessageSerializer, 200: MessageSerializer},
    )
    def create(self, request: Request, chat_id: UUID) -> Response:
        """Accept one message with files; the same client_message_id again answers 200 with the first."""
        form: Any = request.data
        self._refuse_unknown(chat_id)
        if wait := seconds_to_wait(self.caller):
            raise too_fast(wait)
        files = form.getlist("file")
        if any(isinstance(file, str) for file in files):
            raise ValidationError({"file": [_("Send a file.")]}, code="invalid")
        with api_errors():
            posted = post_media(
                chat_id=chat_id,
                files=files,
                content=form.get("content", ""),
                client_message_id=form.get("client_message_id"),
                in_response_to_id=self._in_response_to(chat_id, form.get("in_response_to")),
                contact_id=self.caller.contact_id,
                **self._speaker(form.get("sender")),
            )
        code = status.HTTP_201_CREATED if posted.created else status.HTTP_200_OK
        with in_tenant(self.caller.tenant_id):  # type: ignore[arg-type]
            posted.message.chat.chat_id = chat_id
            return Response(MessageSerializer(posted.message).data, status=code)

    def _refuse_unknown(self, chat_id: UUID) -> None:
        """Look before the files are worked on: drawing pictures anew is dear."""
        with in_tenant(self.caller.tenant_id):  # type: ignore[arg-type]
            if not chats_of(self.caller).filter(chat_id=chat_id).exists():
                raise NotFound

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        }
    )
    def retrieve(self, request: Request, chat_id: UUID, pk: UUID) -> Any:
        """Return a file, to be kept; a part of it (206) where `Range` asks for one."""
        return file_answer(self._row(chat_id, pk), wanted=wanted_range(request))

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def thumbnail(self, request: Request, chat_id: UUID, pk: UUID) -> Any:
        """Return the small picture of a picture."""
        return file_answer(self._row(chat_id, pk), thumbnail=True)

    def _row(self, chat_id: UUID, pk: UUID) -> MediaContentModel:
        rows: QuerySet[MediaContentModel] = MediaContentModel.objects.filter(
            chat__in=chats_of(self.caller).filter(chat_id=chat_id)
        )
        row = rows.filter(pk=pk).first()
        if row is None:
            raise NotFound
        return row
