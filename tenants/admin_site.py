"""What every page of the administration has: the tenant that is shown, and the way to another one."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from tenants.access import Reach, reaches
from tenants.admin_base import shown_tenant, tell
from tenants.middleware import SESSION_KEY
from tenants.models import TenantModel
from tenants.services.credentials import memberships_of

MOST_IN_THE_LIST = 200


def tenants_of(request: HttpRequest) -> list[TenantModel]:
    """Return the tenants that a person may look at, by name: the operator all of them."""
    rows = TenantModel.objects.filter(is_active=True)
    if not request.user.is_superuser:
        rows = rows.filter(pk__in=[tenant_id for tenant_id, _name, _role in memberships_of(_id_of(request))])
    return list(rows[:MOST_IN_THE_LIST])


def _id_of(request: HttpRequest) -> UUID:
    return UUID(str(request.user.pk))


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the header shows (unfold's GLOBAL_CALLBACK); nothing to who has not logged in."""
    if not (request.user.is_authenticated and request.user.is_staff):
        return {}
    choices, current = tenants_of(request), shown_tenant()
    shown = next((tenant for tenant in choices if tenant.pk == current), None)
    return {"tenant_choices": choices, "tenant_shown": shown}


@require_POST
def switch_tenant(request: HttpRequest) -> HttpResponse:
    """Show another tenant from now on; one that is not the person's changes nothing. An operator's visit is audited."""
    wanted = request.POST.get("tenant", "")
    tenant = next((tenant for tenant in tenants_of(request) if str(tenant.pk) == wanted), None)
    if tenant is not None:
        request.session[SESSION_KEY] = wanted
        if tenant.pk not in [tenant_id for tenant_id, _name, _role in memberships_of(_id_of(request))]:
            tell(request, "operator_entered", tenant)
    return HttpResponseRedirect(reverse("admin:index"))


def no_page(request: HttpRequest, **names: str) -> HttpResponse:
    """Answer 404 in the place of Django's short cut to a row's own page: no row has one."""
    raise Http404


def extra_urls() -> list[Any]:
    """Return the site's own pages beside the models'."""
    return [
        path("tenant/", admin.site.admin_view(switch_tenant), name="switch_tenant"),
        path("r/<path:content_type_id>/<path:object_id>/", admin.site.admin_view(no_page)),
        path("language/", admin.site.admin_view(set_language), name="set_language"),
    ]


def prepare_site() -> None:
    """Bring the pages above to unfold's site, which asks for them by this attribute."""
    site: Any = admin.site
    site.extra_urls = extra_urls
    site.admin_view = _declared(site.admin_view)


def _declared(guard: Any) -> Any:
    """Let what the site guards say so, for the check that everything says whom it is for."""

    def admin_view(view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's own signature
        return reaches(Reach.STAFF)(guard(view, cacheable))

    return admin_view
