"""What members and invitations look like on the wire."""

from typing import Any

from rest_framework import serializers

from tenants.api.serializers import UserSerializer
from tenants.models import Invitation, Membership, Role


class ColleagueSerializer(UserSerializer):
    """A member as the other members see it."""

    class Meta(UserSerializer.Meta):
        fields = ["id", "email", "first_name", "last_name", "is_active"]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A member and its role; the role alone can be changed."""

    user = ColleagueSerializer(read_only=True)
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Membership
        fields = ["id", "user", "role", "created_at"]
        read_only_fields = ["created_at"]


class NewMembershipSerializer(serializers.Serializer[Any]):
    """`POST memberships/`."""

    email = serializers.EmailField(max_length=255)
    role = serializers.ChoiceField(choices=Role.choices)


class InviteSerializer(NewMembershipSerializer):
    """`POST invitations/`."""


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An open invitation; `link` is there once, and only where no mail brings it."""

    invited_by = serializers.EmailField(source="invited_by.email", default=None, read_only=True, allow_null=True)
    link = serializers.CharField(default=None, read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "invited_by", "expires_at", "mailed_at", "created_at", "link"]
        read_only_fields = fields


class AcceptSerializer(serializers.Serializer[Any]):
    """`POST invitations/accept/`."""

    token = serializers.CharField(max_length=200)


class SignUpSerializer(AcceptSerializer):
    """`POST invitations/sign-up/`."""

    password = serializers.CharField(max_length=256, trim_whitespace=False)
    first_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=100, required=False, allow_blank=True)


class AcceptedSerializer(serializers.Serializer[Any]):
    """What an accepted invitation gave."""

    tenant = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.EmailField()
