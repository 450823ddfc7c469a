"""Secrets, log-in, headers."""

from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF

from config.settings.environment import at_least, env, networks

AUTH_USER_MODEL = "tenants.User"
SECRET_KEY = env.str("SECRET_KEY", default="")  # Django refuses an empty one
# Master keys, `id:base64,id:base64…`: the first wraps the tenants' data keys, all unwrap (tenants/encryption/).
ENCRYPTION_KEYS = env.str("CHARLA_ENCRYPTION_KEYS", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
MIN_LENGTH = at_least(8, "PASSWORD_MIN_LENGTH", default=15)  # OWASP ASVS 5, 6.2.1
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": MIN_LENGTH}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "tenants.passwords.GuessableValidator"},
]
if breaches := env.str("PASSWORD_BREACHES_FILE", default=""):
    AUTH_PASSWORD_VALIDATORS.append(
        {"NAME": "tenants.passwords.BreachedPasswordValidator", "OPTIONS": {"path": breaches}}
    )
# Networks that webhooks, tools and models may call although they are not on the internet (CIDR; architecture.md).
OUTGOING_ALLOW = env.list("CHARLA_OUTGOING_ALLOW", default=[])
LOGIN_URL = "admin:login"
# A log-in's longest life, and how long it lasts unused (tenants/services/sessions.py; OWASP ASVS 5, 7.3).
LOGIN_LONGEST = timedelta(hours=at_least(1, "LOGIN_TOKEN_HOURS", default=12))
LOGIN_IDLE = timedelta(minutes=at_least(5, "LOGIN_IDLE_MINUTES", default=120))
SESSION_COOKIE_AGE = int(LOGIN_LONGEST.total_seconds())
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105 - its default; foreign keys to it want it said
REST_KNOX = {
    "TOKEN_TTL": LOGIN_LONGEST,
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": None,
}
# Networks of the proxies in front, whose X-Forwarded-For is believed (tenants/client_address.py).
TRUSTED_PROXIES = networks("CHARLA_TRUSTED_PROXIES")
BEHIND_TLS = env.bool("CHARLA_BEHIND_TLS", default=False)
SECURE_SSL_REDIRECT = BEHIND_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked for inside the network, without TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
# Browsers take a cookie of such a name from this very host by TLS alone, so nobody beside it can plant one.
COOKIE_PREFIX = "__Host-" if BEHIND_TLS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}charla_device"
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# No page here needs a device or a sensor, and none may ask for one.
PERMISSIONS_POLICY = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer", "microphone",
        "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF, "ws:", "wss:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# The embeddable widget is called from other origins with a bearer token, never with a cookie; which origins may
# begin is each tenant's own list (decision 29).
CORS_ALLOW_ALL_ORIGINS = False  # tenants/api/cross_origin.py decides
CORS_URLS_REGEX = r"^/api/v1/(widget|chats)/"
CORS_ALLOW_HEADERS = ["accept", "accept-language", "authorization", "content-type", "idempotency-key", "x-request-id"]
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]
CORS_EXPOSE_HEADERS = [
    "Idempotency-Replayed",
    "Retry-After",
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
]
