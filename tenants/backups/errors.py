"""What may be wrong with a backup, or in its way."""


class BackupError(RuntimeError):
    """It was not made, or is refused: says why, and what to do, in the operator's language."""


class DamagedError(BackupError):
    """The file is no whole backup of this installation's keys; nothing was changed by looking at it."""
