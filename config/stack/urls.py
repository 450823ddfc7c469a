"""The addresses that the processes are given."""

from dataclasses import dataclass

from config.stack.postgres import Postgres
from config.stack.roles import APP, OPERATIONS, OWNER

DATABASE = "charla"


@dataclass(frozen=True)
class DatabaseUrls:
    """One database under its three roles."""

    app: str
    operations: str
    owner: str

    def environment(self) -> dict[str, str]:
        """Return them as the settings read them."""
        return {
            "DATABASE_URL": self.app,
            "DATABASE_OPERATIONS_URL": self.operations,
            "DATABASE_OWNER_URL": self.owner,
        }


def embedded_urls(postgres: Postgres) -> DatabaseUrls:
    """Return the URLs of our own server's database."""
    return DatabaseUrls(*(postgres.url(role, DATABASE) for role in (APP, OPERATIONS, OWNER)))
