"""Agents, models and knowledge on the wire (api.md)."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from agents.fields import validate_address
from agents.models import AgentModel, AIModel, KnowledgeBase, KnowledgeDocument, ProviderCredential
from agents.models.knowledge import CHUNK_LANGUAGES
from agents.replies import Reply
from agents.services.agents import save_agent
from agents.services.credentials import moves, save_credential
from tenants.models import Language

LONGEST_QUESTION = 10_000
LONGEST_CONTENT = 1_000_000
LONGEST_SECRET = 1_000


class BaseIdsField(serializers.ListField):
    """The ids of an agent's bases."""

    def get_attribute(self, instance: AgentModel) -> list[UUID]:
        """Read them, where the view prefetched them without a query."""
        return [base.pk for base in instance.knowledge_bases.all()]


class AgentSerializer(serializers.ModelSerializer[AgentModel]):
    """An agent; models by name, bases by id."""

    ai_model = serializers.SlugRelatedField(
        slug_field="name", queryset=AIModel.objects.filter(is_active=True), required=False, allow_null=True
    )
    fallback_model = serializers.SlugRelatedField(
        slug_field="name", queryset=AIModel.objects.filter(is_active=True), required=False, allow_null=True
    )
    knowledge_bases = BaseIdsField(child=serializers.UUIDField(), required=False)
    model_provider = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = AgentModel
        fields = [
            "id", "name", "slug", "description", "system_prompt", "greeting", "language", "is_default", "is_active",
            "ai_model", "fallback_model", "model_provider", "temperature", "max_tokens", "tone", "knowledge_bases",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "slug", "created_at", "updated_at"]

    def validate_knowledge_bases(self, ids: list[UUID]) -> list[UUID]:
        """Refuse a base that the tenant does not have."""
        if KnowledgeBase.objects.filter(id__in=ids).count() != len(set(ids)):
            raise serializers.ValidationError(_("There is no such knowledge base."), code="not_found")
        return ids

    def create(self, validated_data: dict[str, Any]) -> AgentModel:
        """Make an agent."""
        return self.update(AgentModel(), validated_data)

    def update(self, instance: AgentModel, validated_data: dict[str, Any]) -> AgentModel:
        """Change an agent."""
        bases = validated_data.pop("knowledge_bases", None)
        return save_agent(instance, validated_data, base_ids=bases, actor=self.context["actor"])


class AIModelSerializer(serializers.ModelSerializer[AIModel]):
    """A model of the installation; `remote_name` is the provider's name for it, empty where that is `name`."""

    class Meta:
        model = AIModel
        fields = [
            "id", "name", "provider", "model_type", "version", "remote_name", "base_url", "max_tokens", "temperature",
            "context_window", "input_price", "output_price", "is_active", "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "created_at"]


class ProviderCredentialSerializer(serializers.ModelSerializer[ProviderCredential]):
    """A key to a provider at one address; `secret` is only ever written, `ending` are its last characters."""

    base_url = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", validators=[validate_address]
    )
    secret = serializers.CharField(write_only=True, required=False, max_length=LONGEST_SECRET, trim_whitespace=True)

    class Meta:
        model = ProviderCredential
        fields = ["id", "name", "provider", "base_url", "secret", "ending", "created_at", "updated_at"]
        read_only_fields = ["id", "ending", "created_at", "updated_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for the secret where the key is new or goes to another address, and refuse a second one for the same."""
        now = self.instance or ProviderCredential()
        if self.partial and "base_url" not in self.initial_data:
            attrs.pop("base_url", None)
        if not attrs.get("secret") and (self.instance is None or moves(now, attrs)):
            raise serializers.ValidationError({"secret": _("Enter the key itself.")}, code="required")
        provider, address = attrs.get("provider", now.provider), attrs.get("base_url", now.base_url).rstrip("/")
        others = ProviderCredential.objects.filter(provider=provider, base_url=address).exclude(pk=now.pk)
        if others.exists():
            detail = _("There is a key for this provider and address already.")
            raise serializers.ValidationError({"base_url": detail}, code="conflict")
        return attrs

    def create(self, validated_data: dict[str, Any]) -> ProviderCredential:
        """Store a key."""
        return self.update(ProviderCredential(), validated_data)

    def update(self, instance: ProviderCredential, validated_data: dict[str, Any]) -> ProviderCredential:
        """Change a key, or replace its secret."""
        secret = validated_data.pop("secret", None)
        return save_credential(instance, validated_data, secret=secret, actor=self.context["actor"])


class KnowledgeBaseSerializer(serializers.ModelSerializer[KnowledgeBase]):
    """A knowledge base."""

    class Meta:
        model = KnowledgeBase
        fields = ["id", "name", "description", "language", "created_at", "updated_at"]

    def validate_name(self, name: str) -> str:
        """Refuse a name that another base of the tenant has."""
        others = KnowledgeBase.objects.filter(name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError(_("There is a knowledge base of this name already."), code="conflict")
        return name


class KnowledgeDocumentSerializer(serializers.ModelSerializer[KnowledgeDocument]):
    """A document of a base."""

    title = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    content = serializers.CharField(max_length=LONGEST_CONTENT, trim_whitespace=False)  # kept to the letter
    source = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")  # type: ignore[assignment]
    language = serializers.ChoiceField(choices=CHUNK_LANGUAGES, required=False, allow_blank=True, default="")

    class Meta:
        model = KnowledgeDocument
        fields = [
            "id", "title", "source", "content", "language", "metadata", "status", "error", "created_at", "updated_at"
        ]  # fmt: skip
        read_only_fields = ["id", "metadata", "status", "error", "created_at", "updated_at"]

    def validate_content(self, content: str) -> str:
        """Refuse what is blank."""
        if not content.strip():
            raise serializers.ValidationError(self.fields["content"].error_messages["blank"], code="blank")
        return content


class KnowledgeUploadSerializer(serializers.Serializer[Any]):
    """A file to import into a base and how to read it."""

    file = serializers.FileField()
    format = serializers.CharField(required=False, allow_blank=True, default="")
    encoding = serializers.CharField(required=False, allow_blank=True, default="", max_length=40)
    mapping = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    level = serializers.ChoiceField(choices=["strict", "lenient"], required=False, default="lenient")


class ImportProblemSerializer(serializers.Serializer[Any]):
    """Something wrong at a line of a file."""

    line = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()
    severity = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    """What became of an uploaded file."""

    base = serializers.CharField()
    file = serializers.CharField()
    format = serializers.CharField()
    encoding = serializers.CharField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    warnings = serializers.IntegerField()
    problems = ImportProblemSerializer(many=True)


class KnowledgeResultSerializer(serializers.Serializer[Any]):
    """A passage that was found."""

    document = serializers.CharField()
    title = serializers.CharField()
    content = serializers.CharField()
    score = serializers.FloatField()
    base = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    language = serializers.CharField()


class KnowledgeSearchSerializer(serializers.Serializer[Any]):
    """The passages found, best first."""

    results = KnowledgeResultSerializer(many=True)


class TurnSerializer(serializers.Serializer[Any]):
    """Something that was said before."""

    role = serializers.ChoiceField(choices=["user", "assistant", "system"])
    content = serializers.CharField(max_length=LONGEST_QUESTION)


class QuestionSerializer(serializers.Serializer[Any]):
    """A message to an agent and what was said before it."""

    message = serializers.CharField(max_length=LONGEST_QUESTION)
    history = TurnSerializer(many=True, required=False, default=list)
    language = serializers.ChoiceField(choices=Language.choices, required=False, allow_blank=True, default="")


class KnowledgeCitationSerializer(serializers.Serializer[Any]):
    """Where an answer comes from."""

    document = serializers.CharField()
    title = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    excerpt = serializers.CharField()


class ReplySerializer(serializers.Serializer[Reply]):
    """An agent's reply."""

    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=["answer", "unknown", "greeting", "thanks", "goodbye", "human"])
    confidence = serializers.FloatField()
    language = serializers.CharField()
    citations = KnowledgeCitationSerializer(many=True)
    model_used = serializers.CharField()
    tokens_used = serializers.IntegerField()
