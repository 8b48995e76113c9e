"""How often each variant was right, by type of question, and by which rules that was judged."""

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape

from batch.plan import Plan
from batch.rows import Row
from batch.views import cut
from titles import short_title
from vlmscope.evidence.accuracy import Accuracies, Accuracy, accuracies
from vlmscope.evidence.judge import NONE


def accuracy_table(plan: Plan, rows: Mapping[str, Row]) -> str:
    """A row for each variant, a column for each type; empty where nothing could be judged yet."""
    found = accuracies_of(plan, rows)
    if not any(each.judged for each in found.overall.values()):
        return ""
    types = found.types if len(found.types) > 1 else ()
    head = "".join(f'<th scope="col">{escape(cut(kind, 24))}</th>' for kind in types)
    body = "".join(
        f'<tr><th scope="row">{escape(cut(short_title(variant), 40))}</th>'
        f"{_cell(found.overall[variant.id], True)}"
        + "".join(_cell(found.by_type[variant.id, kind]) for kind in types)
        + "</tr>"
        for variant in plan.variants
    )
    return (
        '<div class="figures"><table aria-label="Accuracy">'
        f'<thead><tr><th>Accuracy</th><th scope="col">all</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{_how(plan, rows)}"
    )


def accuracies_of(plan: Plan, rows: Mapping[str, Row]) -> Accuracies:
    """How often each variant was right in the cases that are finished."""
    return accuracies(_verdicts(plan, rows))


def _verdicts(plan: Plan, rows: Mapping[str, Row]) -> Iterator[tuple[str, str, bool | None]]:
    """A verdict for each variant of each finished case, also of a refused one: it is in the total."""
    for case in plan.cases:
        row = rows.get(case.id)
        for variant in plan.variants if row else ():
            outcome = row.outcomes.get(variant.id) if row else None
            yield variant.id, case.type, outcome.correct if outcome else None


def _cell(figure: Accuracy, is_bold: bool = False) -> str:
    rest = figure.total - figure.judged
    aside = f", {rest} not judged" if rest else ""
    if figure.share is None or figure.low is None or figure.high is None:
        return f'<td class="set">none judged of {figure.total}</td>'
    share = f"{figure.share * 100:.0f} %"
    return (
        f"<td>{f'<b>{share}</b>' if is_bold else share} "
        f'<span class="set" title="95 % interval: {figure.low * 100:.0f} to {figure.high * 100:.0f} %">'
        f"{figure.correct} of {figure.judged}{aside}</span></td>"
    )


def _how(plan: Plan, rows: Mapping[str, Row]) -> str:
    """Which rule held how often, and what the shares leave open."""
    counted = {
        variant.id: Counter(
            outcome.how
            for row in rows.values()
            if (outcome := row.outcomes.get(variant.id)) and outcome.how
        )
        for variant in plan.variants
    }
    rules = sorted(
        {rule for count in counted.values() for rule in count}, key=lambda r: (r == NONE, r)
    )
    head = "".join(f'<th scope="col">{escape(cut(short_title(v), 24))}</th>' for v in plan.variants)
    body = "".join(
        f'<tr><th scope="row">{escape(rule)}</th>'
        + "".join(f"<td>{counted[variant.id][rule] or '–'}</td>" for variant in plan.variants)
        + "</tr>"
        for rule in rules
    )
    return (
        "<details><summary>How answers were judged</summary>"
        '<div class="figures"><table aria-label="How answers were judged">'
        f"<thead><tr><th>Rule that held</th>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        '<p class="beside">The first rule that holds decides; point at a share for its 95 % interval '
        "(Wilson): few cases tell little.</p></details>"
    )
