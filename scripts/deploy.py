"""Deploy the Space: build its folder, check it, show it, and bring it to the Hub.

Run by `make deploy`, which gives SPACE, HARDWARE, VARIABLES and DRY_RUN. Everything that this machine
can check is checked before the Hub is asked for anything; with DRY_RUN=1 that is all.
"""

import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

import space_variables
from build_space import TARGET, assemble, lacks
from refusal import Refused, Unreachable
from space_alone import alone
from space_card import fill_in
from space_files import changed_since_commit, unknown_to_git, wanted_files, with_tokens
from space_hardware import T4, Hardware, hardware_of
from space_hub import publish
from space_requirements import check_resolves
from space_start import first_comparison
from stamps import ROOT


@dataclass(frozen=True)
class Order:
    """What is to be deployed where; no hardware: that of the Space stays, a new one has a CPU."""

    space: str
    hardware: Hardware | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    is_dry: bool = False


def order_of(environment: Mapping[str, str]) -> Order:
    """The order that make's variables give; raises Refused with the one that is wrong."""
    name = environment.get("HARDWARE", "").strip()
    dry = environment.get("DRY_RUN", "").strip().lower()
    if dry not in ("", "0", "1", "no", "yes"):
        raise Refused(f"DRY_RUN={dry} is neither 1 nor 0; give 1, or leave it out.")
    return Order(
        _space(environment.get("SPACE", "").strip()),
        hardware_of(name) if name else None,
        space_variables.parse(environment.get("VARIABLES", "")),
        dry in ("1", "yes"),
    )


def _space(name: str) -> str:
    if not name:
        raise Refused("Say which Space: make deploy SPACE=owner/name")
    try:
        validate_repo_id(name)
    except HFValidationError:
        well_formed = False
    else:
        well_formed = bool(re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII))
    if not well_formed:
        raise Refused(f"SPACE={name} is no name of a Space; give one such as owner/name.")
    return name


Check = Callable[[Path, Order], list[str]]
"""Looks at the folder; gives lines that say what was seen, or raises Refused."""


def requirements_fit(folder: Path, order: Order) -> list[str]:
    """Whatever the order's hardware: who duplicates the Space may choose another.

    A dry run may be tried without a network: it says that this was not checked.
    """
    try:
        return check_resolves(ROOT / "space")
    except Unreachable as problem:
        if not order.is_dry:
            raise
        return [f"NOT CHECKED: {problem}"]


def starts_alone(folder: Path, order: Order) -> list[str]:
    with alone(folder, order.space) as space:
        space_variables.check(order.variables, space)
        return [first_comparison(space)]


CHECKS: tuple[Check, ...] = (requirements_fit, starts_alone)


def deploy(
    order: Order,
    api: HfApi,
    *,
    folder: Path = TARGET,
    root: Path = ROOT,
    checks: tuple[Check, ...] = CHECKS,
    say: Callable[[str], None] = print,
) -> None:
    """Carry out the order, and say what is done; raises Refused at the first thing that is wrong."""
    if not order.is_dry and not (api.token or get_token()):
        raise Refused("There is no token of the Hub on this machine; log in with `hf auth login`.")
    names, changed = build(order, folder, root)
    say(f"built {folder}")
    for check in checks:
        for line in check(folder, order):
            say(line)
    for line in listed(folder, names, changed):
        say(line)
    if order.is_dry:
        say(f"a dry run: nothing was uploaded to {order.space}; the folder is {folder}")
        return
    say(f"uploading to {order.space}")
    address = publish(api, order.space, folder, names, order.hardware, order.variables)
    say(f"done, private: {address}")


def build(order: Order, folder: Path, root: Path = ROOT) -> tuple[list[str], set[str]]:
    """Build the folder for this order; raises Refused.

    Gives the paths of its files, and which of them were changed since the last commit.
    """
    files = wanted_files(root)
    written = unknown_to_git(files, root)
    if written:
        raise Refused(
            f"{', '.join(written)}: not in git, and what nobody has reviewed is not uploaded; commit "
            "it, or move it away."
        )
    leaking = with_tokens(files)
    if leaking:
        raise Refused(f"{', '.join(leaking)}: holds what looks like a token of the Hub; remove it.")
    names = assemble(folder, root)
    missing = lacks(folder)
    if missing:
        raise Refused(" ".join(missing))
    fill_in(folder, order.space, order.hardware or T4)
    return names, changed_since_commit(files, root)


def listed(folder: Path, names: list[str], changed: Collection[str]) -> list[str]:
    """A line for each file with its size, which says so of those `changed` and not committed; and the sum."""
    sizes = {name: (folder / name).stat().st_size for name in names}
    mark = "  (changed since the last commit)"
    lines = [
        f"  {size:>11,} B  {name}{mark if name in changed else ''}" for name, size in sizes.items()
    ]
    return [*lines, f"  {sum(sizes.values()):>11,} B  in {len(sizes)} files"]


def main() -> None:
    try:
        deploy(
            order_of(os.environ), HfApi(), say=lambda line: print(f"[deploy] {line}", flush=True)
        )
    except Refused as problem:
        sys.exit(f"[deploy] {problem}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
