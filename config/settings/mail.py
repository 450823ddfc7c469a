"""E-mail: without EMAIL_URL none is sent (`smtp+tls://user:password@host:587`)."""

from config.settings.environment import env

EMAIL_URL: str = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    _parts = env.email_url("EMAIL_URL")
    EMAIL_BACKEND = _parts["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _parts["EMAIL_HOST"], _parts["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _parts["EMAIL_HOST_USER"] or "", _parts["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = bool(_parts.get("EMAIL_USE_TLS")), bool(_parts.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Charla <charla@localhost>")
# Where people reach this installation: links in e-mails and rooms begin with it.
PUBLIC_URL: str = env.str("CHARLA_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
