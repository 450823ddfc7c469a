"""Valkey or Redis: broker, channel layer and cache; each may be emptied at any time."""

from urllib.parse import parse_qs, urlsplit

from config.settings.environment import env

REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")


def redis_url(database: int) -> str:
    """Return the server's URL for one of its databases, as redis-py and channels read it."""
    parts = urlsplit(REDIS_URL)
    base = int(parse_qs(parts.query).get("db", ["0"])[0]) if parts.scheme == "unix" else int(parts.path[1:] or 0)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={base + database}"
    return str(parts._replace(path=f"/{base + database}").geturl())


def broker_url() -> str:
    """Return the broker's URL as kombu reads it."""
    parts = urlsplit(redis_url(0))
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={parse_qs(parts.query)['db'][0]}"
    return redis_url(0)


BROKER_REDIS_URL = redis_url(0)
CHANNEL_REDIS_URL = redis_url(1)
CHANNEL_PREFIX = "charla"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [CHANNEL_REDIS_URL], "prefix": CHANNEL_PREFIX},
    }
}
LIMITS_REDIS_URL = redis_url(2)  # beside the cache; what is emptied begins anew with full buckets
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url(2)}}

CELERY_BROKER_URL = broker_url()
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "messages"
CELERY_TASK_QUEUES_NAMES = ("messages", "replies", "bulk")
# Below the visibility timeout: a task that outlives it would be delivered a second time.
TASK_DEADLINE_SECONDS = 240
