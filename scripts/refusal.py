"""What ends a script with one sentence for the person at the terminal."""


class Refused(Exception):
    """Something is not as it has to be; the message names it and the way out."""


class Unreachable(Refused):
    """Something cannot be checked from here, because what it is asked of is out of reach."""
