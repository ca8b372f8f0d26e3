"""`cliffhanger wipe`: the development stack forgets."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

EXAMPLES = "  cliffhanger down && cliffhanger wipe\n"


def run() -> None:
    """Delete all data of the development stack. Refused while it runs; logs and jars stay."""
    from cliffhanger.local import dev_stack
    from cliffhanger.terminal import say
    from runtime.settings import load

    stack = dev_stack(load())
    stack.wipe()
    say(f"the data in {stack.home} are deleted")
