"""The environment, read once: a bad value stops the start and names its variable."""

from ipaddress import ip_network
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env.str("CHARLA_DATA_DIR", default=str(BASE_DIR / ".data"))).absolute()


def networks(variable: str) -> list[str]:
    """Return a list of networks (CIDR), separated by commas; what is none stops the start."""
    found: list[str] = env.list(variable, default=[])
    for network in found:
        try:
            ip_network(network)
        except ValueError as error:
            raise ImproperlyConfigured(f"{variable} is a list of networks such as 10.0.0.0/8: {error}.") from error
    return found


def at_least(least: int, variable: str, *, default: int) -> int:
    """Return a whole number; one that is smaller than the least stops the start."""
    value: int = env.int(variable, default=default)
    if value < least:
        raise ImproperlyConfigured(f"{variable} is {value}: at least {least}, please.")
    return value


def one_of(choices: tuple[str, ...], variable: str, *, default: str) -> str:
    """Return one of some words; another one stops the start."""
    value: str = env.str(variable, default=default)
    if value not in choices:
        raise ImproperlyConfigured(f"{variable} is “{value}”: one of {', '.join(choices)}, please.")
    return value
