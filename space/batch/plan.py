"""What a batch is asked to do, decided once before it begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vlmscope import Variant
from vlmscope.evidence.suite import Case


@dataclass(frozen=True)
class Plan:
    """Every variant on every case; `options` are those of `compare`, plain data.

    The images of the cases are the batch's own copies. `cases` have ids that differ.
    """

    name: str
    cases: tuple[Case, ...]
    variants: tuple[Variant, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_measured(self) -> bool:
        return self.options.get("mode") == "measured"

    def moved(self, folder: Path) -> "Plan":
        """The plan with its images in another folder."""
        cases = (replace(case, image=folder / case.image.name) for case in self.cases)
        return replace(self, cases=tuple(cases))

    def to_record(self) -> dict[str, Any]:
        """The plan as plain data, its images by name; `from_record` gives an equal one back."""
        return {
            "name": self.name,
            "cases": [
                {
                    "id": case.id,
                    "type": case.type,
                    "image": case.image.name,
                    "query": case.query,
                    "expected": list(case.expected),
                }
                for case in self.cases
            ],
            "variants": [str(variant) for variant in self.variants],
            "options": dict(self.options),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any], folder: Path) -> "Plan":
        """The plan of a record whose images lie in `folder`."""
        cases = tuple(
            Case(
                each["id"],
                each["type"],
                folder / Path(each["image"]).name,
                each["query"],
                tuple(each["expected"]),
            )
            for each in record["cases"]
        )
        variants = tuple(Variant.parse(line) for line in record["variants"])
        return cls(record["name"], cases, variants, dict(record["options"]))
