"""What ends a script with one sentence for the person at the terminal."""


class Refused(Exception):
    """Something is not as it has to be; the message names it and the way out."""
