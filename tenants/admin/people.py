"""Users of the installation, and the members of a tenant."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget

from tenants.admin_base import OperatorAdmin, RoleAdmin, has_rank, role_of, tell
from tenants.models import Membership, Role, User
from tenants.services.credentials import forget_credentials
from tenants.services.second_factor import remove_second_factor
from tenants.services.sessions import end_all_sessions

# Its type parameters and hooks are typed for Django's own ModelAdmin, where unfold's stands here.
_DjangoUserAdmin: Any = DjangoUserAdmin


class NewUserForm(UserCreationForm):
    """A new user: the e-mail is the name that it logs in with."""

    class Meta:
        model = User
        fields = ("email", "username")


@admin.register(User)
class UserAdmin(OperatorAdmin, _DjangoUserAdmin):
    """The people of the installation; passwords are set by a form of their own and stored by bcrypt."""

    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "full_name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "username", "first_name", "last_name")
    ordering = ("email",)
    actions = ("remove_second_factor",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("email", "username", "password")}),
        (_("Name"), {"fields": ("first_name", "last_name")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "created_at", "updated_at"), "classes": ["collapse"]}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "username", "password1", "password2")}),
        (_("Rights"), {"fields": ("is_staff",)}),
    )

    @display(description=_("name"))
    def full_name(self, user: User) -> str:
        """Return first and last name."""
        return f"{user.first_name} {user.last_name}".strip()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Set somebody's password, and tell the audit log that it was set."""
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302 and (user := self.get_object(request, id)):
            if user.pk != request.user.pk:
                end_all_sessions(user)
            tell(request, "password_set", user)
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it; who was deactivated is logged out."""
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            end_all_sessions(obj)

    @action(description=_("Remove second factor"))
    def remove_second_factor(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        """Help people who have lost their app and their recovery codes; all their log-ins end."""
        for user in queryset:
            if remove_second_factor(user):
                end_all_sessions(user)
                tell(request, "second_factor_removed", user)
                text = gettext("The second factor of %(email)s was removed, and all of its log-ins have ended.")
                messages.success(request, text % {"email": user.email})


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """A member by e-mail: who chooses members must not see everybody on the installation."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=255,
        widget=UnfoldAdminEmailInputWidget(),
        help_text=_("Somebody new gets a user, whose password is shown once."),
    )
    password = ""

    class Meta:
        model = Membership
        fields = ("role",)

    def clean_email(self) -> str:
        """Refuse somebody who is a member already."""
        email = str(self.cleaned_data["email"]).lower()
        if Membership.objects.filter(user__email=email).exists():
            raise ValidationError(gettext("This person is a member already."))
        return email

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's own signature
        """Give the membership to the user with this e-mail; make one when there is none."""
        if "email" in self.cleaned_data:
            email = self.cleaned_data["email"]
            user = User.objects.filter(email=email).first()
            if user is None:
                self.password = secrets.token_urlsafe(12)
                user = User.objects.create_user(email, self.password, is_staff=True)
            self.instance.user = user
        return super().save(commit)


@admin.register(Membership)
class MembershipAdmin(RoleAdmin):
    """Who may do what in the tenant; owners are made and unmade by owners alone.

    People join by invitation: the operator alone adds somebody at once.
    """

    resource = "memberships"
    list_display = ("user", "name", "role_label", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__first_name", "user__last_name")
    search_help_text = _("Search by e-mail or name")
    ordering = ("user__email",)
    form = MembershipForm
    readonly_fields = ("user",)

    @display(description=_("name"), ordering="user__last_name")
    def name(self, membership: Membership) -> str:
        """Return the member's name."""
        return membership.user.get_full_name()

    @display(
        description=_("role"),
        ordering="role",
        label={"owner": "primary", "admin": "info", "agent": "success", "viewer": "warning"},
    )
    def role_label(self, membership: Membership) -> tuple[str, str]:
        """Return the role, coloured."""
        return membership.role, membership.get_role_display()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Ask for an e-mail when somebody is added, show the person afterwards."""
        return ["user", "role"] if obj else ["email", "role"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Let nobody move a membership to another person."""
        return ["user"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Offer the roles that the person may give."""
        kwargs["form"] = MembershipForm if obj is None else forms.ModelForm
        form = super().get_form(request, obj, change=change, **kwargs)
        role = form.base_fields.get("role")
        if role is not None and not has_rank(request, Role.OWNER):
            role.choices = [choice for choice in Role.choices if choice[0] != Role.OWNER]
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person runs the installation: to all others an account belongs to somebody else."""
        return super().has_add_permission(request) and bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may change this membership."""
        return super().has_change_permission(request, obj) and self._is_within(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may end this membership; the last owner stays."""
        return super().has_delete_permission(request, obj) and self._is_within(request, obj)

    def _is_within(self, request: HttpRequest, obj: Any) -> bool:
        if not isinstance(obj, Membership) or obj.role != Role.OWNER:
            return True
        return role_of(request) == Role.OWNER and Membership.objects.filter(role=Role.OWNER)[:2].count() > 1

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store it; a password that was made up is shown this once."""
        super().save_model(request, obj, form, change)
        forget_credentials()
        if password := getattr(form, "password", ""):
            text = gettext("%(email)s is new here. Its password, shown this once: %(password)s")
            messages.warning(request, text % {"email": obj.user.email, "password": password})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """End it, in this process at once."""
        super().delete_model(request, obj)
        forget_credentials()

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """End several, but no owner's: those go one by one."""
        queryset.exclude(role=Role.OWNER).delete()
        forget_credentials()
