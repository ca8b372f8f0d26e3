"""`cliffhanger down`: the development stack stops."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

EXAMPLES = "  cliffhanger down\n"


def run() -> None:
    """Stop the Kafka and the ClickHouse that `cliffhanger up` started. Their data stay."""
    from cliffhanger.local import dev_stack
    from cliffhanger.terminal import say
    from runtime.settings import load

    stack = dev_stack(load())
    if not any(status.running for status in stack.status()):
        say("nothing runs")
    stack.down()
