"""Apps, middleware, templates, languages, files."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from config.settings.environment import BASE_DIR, DATA_DIR, env

ENVIRONMENT = env.str("CHARLA_ENVIRONMENT", default="production")
DEBUG = env.bool("DEBUG", default=False)

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # config/urls.py loads the pages: a worker has none
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "corsheaders",
    "csp",
    "django_structlog",
    "channels",
    "tenants",
    "audit",
    "metrics",
    "notifications",
    "agents",
    "chats",
    "analysis",
    "config",
]
MIDDLEWARE = [
    "tenants.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tenants.content_policy.ContentPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.middleware.TextMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "tenants.api.limit_headers.LimitHeadersMiddleware",
    "metrics.middleware.RequestMetricsMiddleware",
    "audit.middleware.TrailMiddleware",
    "audit.middleware.ErrorLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tenants.middleware.LoginMiddleware",
    "tenants.middleware.AdminScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
HTTP_THREADS = env.int("HTTP_THREADS", default=4)  # of the ASGI server; more only contend for the interpreter
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.str("CHARLA_STATIC_ROOT", default=None)  # where collectstatic puts files, for a proxy of your own
MEDIA_ROOT = DATA_DIR / "media"
REPORTS_DIR = DATA_DIR / "reports"  # where generate_reports writes what it is not told to put elsewhere
MEDIA_URL = "/media/"
EXPORT_DIRECTORY = DATA_DIR / "exports"  # of export_data, unless it is told another
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A second copy of each backup, in a bucket of any S3-compatible server (docs/backup.md).
if bucket := env.str("BACKUP_S3_BUCKET", default=""):
    STORAGES["backups"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": env.str("BACKUP_S3_ENDPOINT", default="") or None,
            "region_name": env.str("BACKUP_S3_REGION", default="") or None,
            "location": env.str("BACKUP_S3_PREFIX", default=""),
            "access_key": env.str("BACKUP_S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("BACKUP_S3_SECRET_KEY", default="") or None,
            "default_acl": None,
            "file_overwrite": True,
        },
    }
WHITENOISE_USE_FINDERS = True
FIXTURE_DIRS: list[str] = []
SILENCED_SYSTEM_CHECKS: list[str] = []
PROJECT_DIR = BASE_DIR
CRASH_POINTS = env.str("CHARLA_CRASH_POINTS", default="")  # a folder; for tests alone
