"""Two stored comparisons of one image as one value of the grid."""

from datetime import datetime

from convert import Context, from_run
from gradio_comparisongrid import Cell, Comparison
from history.packing import digest
from vlmscope import InputError, Run


def beside(one: tuple[Run, datetime], other: tuple[Run, datetime], context: Context) -> Comparison:
    """The cells of both, each titled with when it was made; the conditions that differ are the cells'.

    Raises InputError when the images are not the same, pixel by pixel.
    """
    runs = (one[0], other[0])
    sizes = [f"{run.image.width}×{run.image.height}" for run in runs]
    if digest(runs[0].image.pixels) != digest(runs[1].image.pixels):
        unlike = f" ({sizes[0]} and {sizes[1]} pixels)" if sizes[0] != sizes[1] else ""
        raise InputError(
            f"These comparisons are of two different images{unlike}, which one grid cannot "
            "show; pick two of the same image."
        )
    values = [from_run(run, context) for run in runs]
    shared = {
        name: fact for name, fact in values[0].stamp.items() if values[1].stamp.get(name) == fact
    }
    asked = runs[0].query == runs[1].query
    cells: list[Cell] = []
    for number, (value, (_, when)) in enumerate(zip(values, (one, other), strict=True), 1):
        own = {name: fact for name, fact in value.stamp.items() if name not in shared}
        for cell in value.cells:
            told = {} if asked else {"question": value.query}
            cells.append(
                cell.model_copy(
                    update={
                        "id": f"{cell.id}@{number}",
                        "title": f"{cell.title} · {when.day} {when:%b %H:%M}",
                        "stamp": {**told, **own, **cell.stamp},
                    }
                )
            )
    metrics = {metric.key: metric for value in values for metric in value.metrics}
    return values[0].model_copy(
        update={"stamp": shared, "cells": cells, "metrics": list(metrics.values()), "view": None}
    )
