"""What can be wrong with the machine, said so that a person knows what to do next."""

from runtime.errors import CliffhangerError


class DevStackError(CliffhangerError):
    """The stack cannot do what was asked; the message says why and what would help."""


class PortTakenError(DevStackError):
    """A port that a service needs belongs to another program.

    `setting` is the field of `StackPorts` that moves the service elsewhere.
    """

    def __init__(self, *, port: int, setting: str, name: str) -> None:
        self.port = port
        self.setting = setting
        super().__init__(
            f"port {port}, which {name} needs, is in use by another program: "
            f"stop that program or choose another port (StackPorts: {setting}=...)"
        )


class MissingToolError(DevStackError):
    """A program that has to be installed first is missing or too old."""
