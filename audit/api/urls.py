"""Paths of the logs."""

from rest_framework.routers import SimpleRouter

from audit.api.views import AuditLogViewSet, ErrorLogViewSet

router = SimpleRouter()
router.register("audit-logs", AuditLogViewSet, basename="audit-log")
router.register("error-logs", ErrorLogViewSet, basename="error-log")

urlpatterns = router.urls
