"""A folder of what requirements bring, and nothing else that is installed here.

What a Space would miss is missing there too: packages that only this checkout has, tools, and what
someone installed beside the requirements.
"""

from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from refusal import Refused


def link_into(folder: Path, requirements: Iterable[str], also: Iterable[str] = ()) -> None:
    """Link all that `requirements` bring, with what these bring, from where it is installed here.

    Raises Refused when one of them is not installed; of `also`, which comes along, one may be
    missing. Versions are those of this environment: that others fit together is for a resolve to say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for found in closure(requirements, also):
        base = Path(str(found.locate_file("")))
        tops = {Path(file).parts[0] for file in found.files or ()}
        for top in tops - {"..", "__pycache__"}:
            if (base / top).exists() and not (folder / top).exists():
                (folder / top).symlink_to(base / top)


def closure(requirements: Iterable[str], also: Iterable[str] = ()) -> list[Distribution]:
    """The distributions that `requirements` and `also` bring, with what these need in turn.

    What one of them needs and is not here (CUDA's libraries, beside a PyTorch for the CPU) is left
    out.
    """
    needed = [Requirement(line) for line in requirements]
    named = {canonicalize_name(each.name) for each in needed}
    wanted = [*needed, *map(Requirement, also)]
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    while wanted:
        asked = wanted.pop()
        name = canonicalize_name(asked.name)
        try:
            found.setdefault(name, distribution(name))
        except PackageNotFoundError:
            if name in named:
                raise Refused(
                    f"{asked.name} is among the requirements and is not installed here; "
                    "`make deploy` installs it, from a checkout that is up to date."
                ) from None
            continue
        for extra in {"", *asked.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                wanted += _needed(found[name], extra)
    return list(found.values())


def _needed(found: Distribution, extra: str) -> list[Requirement]:
    needed = [Requirement(line) for line in found.requires or ()]
    return [each for each in needed if not each.marker or each.marker.evaluate({"extra": extra})]
