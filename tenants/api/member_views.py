"""Members and invitations of a tenant (api.md, `memberships/`; `invitations/`)."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from tenants.api.access_errors import access_errors, actor
from tenants.api.member_serializers import (
    AcceptedSerializer,
    AcceptSerializer,
    InvitationSerializer,
    InviteSerializer,
    MembershipSerializer,
    NewMembershipSerializer,
    SignUpSerializer,
)
from tenants.api.permissions import Public
from tenants.api.views import TenantAPIView
from tenants.client_address import client_address
from tenants.models import Invitation, Membership, User
from tenants.services import invitations, members

METHODS = ["get", "post", "patch", "delete", "head", "options"]


@extend_schema_view(create=extend_schema(request=NewMembershipSerializer, responses={201: MembershipSerializer}))
class MembershipViewSet(
    TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin,
    mixins.UpdateModelMixin, GenericViewSet[Membership],
):  # fmt: skip
    """Who may do what in the tenant. People join by invitation; the operator alone adds somebody at once."""

    resource = "memberships"
    operator_actions = ("create",)
    serializer_class = MembershipSerializer
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[Membership]:
        """Return the tenant's members."""
        return Membership.objects.select_related("user")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a user of the installation a member."""
        wanted = NewMembershipSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user = User.objects.filter(email=wanted.validated_data["email"].lower()).first()
        if user is None:
            raise NotFound
        with access_errors():
            member = members.add_member(actor(request), user, wanted.validated_data["role"])
        return Response(self.get_serializer(member).data, status=status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        """Give the member another role, when one is named; its sockets close within five seconds."""
        if "role" in serializer.validated_data:
            with access_errors():
                members.change_role(actor(self.request), serializer.instance, serializer.validated_data["role"])

    def perform_destroy(self, instance: Membership) -> None:
        """End the membership."""
        with access_errors():
            members.remove_member(actor(self.request), instance)


@extend_schema_view(create=extend_schema(request=InviteSerializer, responses={201: InvitationSerializer}))
class InvitationViewSet(
    TenantAPIView, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin,
    GenericViewSet[Invitation],
):  # fmt: skip
    """Open invitations. The link is mailed; where no mail is sent, it is in the answer to POST, this once."""

    resource = "invitations"
    least_to_read = "admin"
    serializer_class = InvitationSerializer
    http_method_names = ["get", "post", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[Invitation]:
        """Return the tenant's open invitations."""
        return Invitation.objects.select_related("invited_by")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Invite an address; one that was invited before gets a new link."""
        wanted = InviteSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with access_errors():
            invitation = invitations.invite(actor(request), **wanted.validated_data)
        return self._shown(invitation, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request: Request, pk: str | None = None) -> Response:
        """Give the invitation a new link and another week."""
        invitation = self.get_object()
        with access_errors():
            invitations.send_again(actor(request), invitation)
        return self._shown(invitation, status.HTTP_200_OK)

    def _shown(self, invitation: Invitation, code: int) -> Response:
        invitation.link = invitations.link_to_show(invitation, self.request.build_absolute_uri("/"))  # type: ignore[attr-defined]
        return Response(self.get_serializer(invitation).data, status=code)

    def perform_destroy(self, instance: Invitation) -> None:
        """Withdraw the invitation."""
        with access_errors():
            invitations.withdraw(actor(self.request), instance)


class AcceptView(TenantAPIView):
    """Accept an invitation as the person who is logged in."""

    any_person, tenantless = True, True

    @extend_schema(request=AcceptSerializer, responses=AcceptedSerializer, operation_id="invitations_accept")
    def post(self, request: Request) -> Response:
        """Become a member; the invitation must be for the person's own address."""
        wanted = AcceptSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        caller = self.caller
        if caller.user is None:
            raise NotFound
        with access_errors():
            member = invitations.accept(wanted.validated_data["token"], caller.user, actor(request).ip_address)
        return Response(AcceptedSerializer(described(member)).data)


class SignUpView(APIView):
    """Accept an invitation as somebody new."""

    authentication_classes: list[Any] = []
    permission_classes = [Public]

    @extend_schema(request=SignUpSerializer, responses={201: AcceptedSerializer}, operation_id="invitations_sign_up")
    def post(self, request: Request) -> Response:
        """Make a user with the password chosen, and a member; log in afterwards."""
        wanted = SignUpSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with access_errors():
            member = invitations.sign_up(**wanted.validated_data, ip_address=client_address(request._request))
        return Response(AcceptedSerializer(described(member)).data, status=status.HTTP_201_CREATED)


def described(member: Membership) -> dict[str, Any]:
    """Return what an accepted invitation gave."""
    with transaction.atomic():
        return {"tenant": member.tenant.name, "role": member.role, "email": member.user.email}
