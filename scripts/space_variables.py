"""The variables that a deploy gives a Space: settings of the app, checked by the app itself."""

import re
import shlex
from collections.abc import Mapping

from refusal import Refused
from space_alone import Alone

SET_BY_SPACES = {"HOST", "PORT"}
SECRETS = {"SECRET"}
ELSEWHERE = {"CHECKPOINTS"}
"""Names places of the Space's machine, which are not here."""
ROW = re.compile(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", re.M)


def parse(text: str) -> dict[str, str]:
    """`NAME=value NAME='a value'` as a shell reads it; raises Refused for anything else."""
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise Refused(f"VARIABLES={text} cannot be read: {problem}; close the quote.") from None
    variables = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Refused(
                f"VARIABLES holds {word!r}, which is no NAME=value; put a value with spaces in quotes."
            )
        variables[name] = value
    return variables


def check(variables: Mapping[str, str], space: Alone) -> None:
    """Raises Refused for what is no setting, what is no variable's matter, and a wrong value.

    The card lists the settings, and the app itself reads the values.
    """
    known = settings_in((space.folder / "README.md").read_text())
    for name in variables:
        if name in SECRETS:
            raise Refused(
                f"{name} would be a variable that everyone can read; set it as a secret in the "
                "Space's settings."
            )
        if name in SET_BY_SPACES or name not in known:
            usable = ", ".join(sorted(known - SET_BY_SPACES - SECRETS))
            raise Refused(f"{name} is no variable to give a Space; these are: {usable}.")
    reads = space.process(
        "from environment import read_or_exit; read_or_exit()",
        {name: value for name, value in variables.items() if name not in ELSEWHERE},
    )
    said = reads.communicate()[0].strip()
    if reads.returncode:
        raise Refused(said.splitlines()[-1] if said else "The app does not read its settings.")


def settings_in(card: str) -> set[str]:
    """The names in the first column of the card's table of settings."""
    return {name for cell in ROW.findall(card) for name in re.findall(r"[A-Z_]+", cell)}
