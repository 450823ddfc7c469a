"""What may be wrong with something sealed."""


class SealError(RuntimeError):
    """It cannot be sealed or opened: a key is missing or wrong, or the value was changed or moved. Says what to do."""
