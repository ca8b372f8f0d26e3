"""`cliffhanger settings`: what is in force."""

# ruff: noqa: PLC0415 -- what is heavy is imported when the command runs

EXAMPLES = """\
  cliffhanger settings
  CLIFFHANGER_CONFIG=cliffhanger.toml cliffhanger settings
"""


def run() -> None:
    """Print every setting with its value, as environment variables. Passwords are starred out."""
    from cliffhanger.terminal import answer
    from runtime.settings import as_environment, load

    for name, value in as_environment(load(), stars=True).items():
        answer(f"{name}={value}")
