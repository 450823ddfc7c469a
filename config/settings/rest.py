"""The REST API's defaults (api.md)."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tenants.api.authentication.PersonAuthentication",
        "tenants.api.authentication.ApiKeyAuthentication",
        "chats.api.authentication.VisitorAuthentication",
        "tenants.api.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.permissions.DeclaredAccess"],
    "DEFAULT_THROTTLE_CLASSES": ["tenants.api.costs.AddressThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "tenants.api.pagination.CursorPages",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.CharlaSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_BIGINT_TO_STRING": False,
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "tenants.api.errors.Formatter",
    "EXCEPTION_HANDLER_CLASS": "tenants.api.errors.Handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Charla",
    "DESCRIPTION": "Conversations between people and AI agents.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "LanguageEnum": "tenants.models.Language",
        "RoleEnum": "tenants.models.Role",
        "ReportTypeEnum": "analysis.models.ReportType",
        "ReportPeriodEnum": "analysis.models.ReportPeriod",
    },
}
