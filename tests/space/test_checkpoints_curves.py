"""A metric over steps: a line for each run, and a point for each checkpoint."""

from typing import Any

from checkpoints.curves import curves
from vlmscope import Checkpoint


def checkpoint(name: str, step: int | None, acc: float | None, epoch: float | None = None):
    metrics = {} if acc is None else {"acc": acc}
    return Checkpoint(name, f"runs/{name}.safetensors", step=step, epoch=epoch, metrics=metrics)


def lines(figure: Any) -> dict[str, tuple[list[float], list[float]]]:
    assert all(line.mode == "lines+markers" for line in figure.data)
    return {line.name: (list(line.x), list(line.y)) for line in figure.data}


def test_a_run_of_one_checkpoint_is_a_point_beside_the_lines_of_others():
    records = [
        checkpoint("late_step-20", 20, 0.75),
        checkpoint("late_step-10", 10, 0.5),
        checkpoint("alone_step-15", 15, 0.25),
        checkpoint("unknown_step-30", 30, None),
    ]
    figure: Any = curves(records, "acc")
    assert lines(figure) == {"runs/late": ([10, 20], [0.5, 0.75]), "runs/alone": ([15], [0.25])}
    assert figure.layout.xaxis.title.text == "step"


def test_one_checkpoint_in_all_is_shown_too_and_none_is_no_plot():
    figure = curves([checkpoint("a", None, 0.5, epoch=1.5)], "acc")
    assert figure
    assert lines(figure) == {"runs/a": ([1.5], [0.5])}
    assert curves([checkpoint("a", 1, None)], "acc") is None


def test_hostile_names_are_text():
    evil = '<a href="javascript:alert(1)">x</a>'
    record = Checkpoint(evil, f"{evil}/{evil}", step=1, metrics={evil: 0.5})
    figure: Any = curves([record], evil)
    texts = [figure.data[0].name, *figure.data[0].hovertext, figure.layout.yaxis.title.text]
    assert not any("<a" in text for text in texts)
