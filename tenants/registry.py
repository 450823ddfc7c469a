"""A registry: named entries that apps bring with them, found at start as the admin finds `admin.py`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries by name (`app.noun`), in the order in which they came; a second entry of a name is refused."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Add an entry; raise ValueError when the name is taken."""
        if name in self.entries:
            raise ValueError(f"There is a {self.what} “{name}” already.")
        self.entries[name] = entry
        return entry

    def register(self, name: str) -> Callable[[T], T]:
        """Decorate what is to be registered under a name."""
        return lambda entry: self.add(name, entry)

    def __getitem__(self, name: str) -> T:
        return self.entries[name]

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def items(self) -> list[tuple[str, T]]:
        """Return names and entries in order."""
        return list(self.entries.items())

    @contextmanager
    def lent(self, **entries: T) -> Iterator[None]:
        """Hold exactly the given entries for a while: for tests."""
        kept, self.entries = self.entries, dict(entries)
        try:
            yield
        finally:
            self.entries = kept
