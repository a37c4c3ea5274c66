"""The command as a process of its own: `sourcing`, or `python -m sourcing`."""

import gc
from importlib import import_module


def main() -> None:
    """Run the command typed."""
    # What imports make stays: looking through it for what to throw away is a tenth of a start.
    gc.disable()
    import_module("sourcing.cli").main()


if __name__ == "__main__":
    main()
