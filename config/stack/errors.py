"""What stops the start of the stack."""


class StackError(Exception):
    """One sentence for the person who started the stack: what is wrong and what to do about it."""


class StopRequested(Exception):
    """A signal asked for the end while the stack was still starting."""
