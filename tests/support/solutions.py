"""What ``--solve input -q`` prints."""


def inputs_in(text: str) -> list[int]:
    """List the inputs: a number, or a range like ``5..7``, per line."""
    found: list[int] = []
    for line in text.splitlines():
        first, _, last = line.partition("..")
        found += range(int(first), int(last or first) + 1)
    return found
