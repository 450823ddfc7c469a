"""The environment, read once: a bad value stops the start and names its variable."""

from pathlib import Path

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.str("CHARLA_DATA_DIR", default=str(BASE_DIR / ".data"))).absolute()
