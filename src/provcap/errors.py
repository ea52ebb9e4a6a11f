"""What provcap raises: every error has a slug, a message and a way out."""


class ProvcapError(Exception):
    """Something could not be done.

    `slug` names the kind of trouble (a paragraph in ``docs/messages.md``), `message` says what could not be done, to
    what and why, `hint` what to do next.
    """

    def __init__(self, slug: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.slug = slug
        self.message = message
        self.hint = hint


class RunNotFound(ProvcapError):
    """No run answers to the name that was given."""


class DamagedRecord(ProvcapError):
    """A file that provcap wrote, or should have written, cannot be read as such."""


class TargetExists(ProvcapError):
    """What would be written is there already, and is not overwritten."""


class BadConfig(ProvcapError):
    """A configuration file says something that provcap does not understand."""
