"""The file that a run is continued from: what was asked for, and the report of each part that was finished."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class OtherRunError(ValueError):
    """The file holds the parts of a run that was asked for differently."""


@dataclass
class RunFile:
    """The parts of one run; `path` None keeps them in memory alone."""

    path: Path | None
    name: dict[str, Any]
    parts: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path | None, name: dict[str, Any]) -> "RunFile":
        """Read the parts that are there; OtherRunError when they belong to another seed, count or scenario."""
        if path is None or not path.exists():
            return cls(path, name)
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["name"] != name:
            wrong = sorted(key for key in name if kept["name"].get(key) != name[key])
            raise OtherRunError(", ".join(f"{key} {kept['name'].get(key)}" for key in wrong))
        return cls(path, name, kept["parts"])

    @property
    def done(self) -> int:
        """Return how many blows were dealt in finished parts; they are dealt in order."""
        return sum(int(part["blows"]) for part in self.parts)

    def add(self, part: dict[str, Any]) -> None:
        """Add a finished part; the file is the old one or the new one, never a half."""
        self.parts.append(part)
        if self.path is not None:
            partial = self.path.with_name(f".{self.path.name}.partial")
            text = json.dumps({"name": self.name, "parts": self.parts}, ensure_ascii=False)
            partial.write_text(text, encoding="utf-8")
            partial.rename(self.path)
