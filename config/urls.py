"""Every path of the installation."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chats.views import demo, home
from metrics.views import healthz, metrics, readyz
from tenants.access import Reach, reaches
from tenants.views import accept_invitation

admin.autodiscover()
handler404 = "tenants.api.errors.not_found"
handler500 = "tenants.api.errors.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("demo/", demo, name="demo"),
    path("admin/", admin.site.urls),
    path("invitations/<slug:token>/", accept_invitation, name="invitation"),
    path("api/v1/", include("tenants.api.urls")),
    path("api/v1/", include("tenants.api.session_urls")),
    path("api/v1/", include("audit.api.urls")),
    path("api/v1/", include("notifications.api.urls")),
    path("api/v1/", include("agents.api.urls")),
    path("api/v1/", include("chats.api.urls")),
    path("api/v1/", include("analysis.api.urls")),
    path("api/schema/", reaches(Reach.EVERYONE)(SpectacularAPIView.as_view()), name="schema"),
    path("api/docs/", reaches(Reach.EVERYONE)(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    # Where browsers look for a page's icon when the page names none, as an answer of the API does not.
    path("favicon.ico", reaches(Reach.EVERYONE)(RedirectView.as_view(url=static("chats/mark.svg"))), name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
