"""Files that came with a message (domain.md, "MediaContentModel"; decision 32)."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chats.models.chat import ChatModel
from chats.models.content import ContentChatModel, ContentType
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned

MEDIA_TYPES = [choice for choice in ContentType.choices if choice[0] != ContentType.TEXT]


class MediaContentModel(TenantOwned):
    """One file of a message. `mime_type` is what the bytes are, never what the sender said that they were.

    The stored names are made here; `name` is what the sender called the file, empty where the tenant's policy lets no
    clear text be stored. `sha256` and `size` (bytes) are of what is stored, which for an image is not what was sent.
    """

    id = UUIDv7Field(primary_key=True)
    chat = TenantForeignKey(ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="media")
    content = TenantForeignKey(
        ContentChatModel, verbose_name=_("chat content"), on_delete=models.CASCADE, related_name="media"
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    media_type = models.CharField(_("kind"), max_length=50, choices=MEDIA_TYPES)
    media = models.FileField(_("file"), max_length=200)
    thumbnail = models.FileField(max_length=200, blank=True, default="")
    name = models.CharField(_("name"), max_length=255, blank=True, default="")
    mime_type = models.CharField(_("format"), max_length=100)
    size = models.BigIntegerField(_("size"))
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("media content")
        verbose_name_plural = _("media contents")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name or f"{self.media_type} {self.id}"

    @property
    def media_url(self) -> str:
        """Return the path at which callers of the API get the file; `chat` must be loaded."""
        return reverse("media", args=[self.chat.chat_id, self.id])

    @property
    def thumbnail_url(self) -> str:
        """Return the path of its small picture; empty without one."""
        return reverse("media-thumbnail", args=[self.chat.chat_id, self.id]) if self.thumbnail else ""
