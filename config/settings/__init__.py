"""Every setting, from the environment; each room of it in a module of its own."""

from config.settings.admin import *  # noqa: F403
from config.settings.base import *  # noqa: F403
from config.settings.chat import *  # noqa: F403
from config.settings.database import *  # noqa: F403
from config.settings.logs import *  # noqa: F403
from config.settings.mail import *  # noqa: F403
from config.settings.media import *  # noqa: F403
from config.settings.messaging import *  # noqa: F403
from config.settings.rest import *  # noqa: F403
from config.settings.security import *  # noqa: F403
