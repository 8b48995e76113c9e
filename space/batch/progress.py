"""How far a batch is, in a bar and a sentence."""

from html import escape

from batch.job import Progress
from batch.views import cut, duration


def progress_bar(name: str, progress: Progress) -> str:
    """`Running: 12 of 64 cases · 48 s · about 3 min 20 s left`, over a bar."""
    share = 100 * progress.done / progress.total
    facts = [f"{progress.done} of {progress.total} cases", f"{duration(progress.seconds)}"]
    if progress.state != "done" and progress.left is not None:
        facts.append(f"about {duration(progress.left)} left")
    note = f'<span class="note">{escape(progress.note)}</span>' if progress.note else ""
    return (
        f'<div class="progress {progress.state}" role="status">'
        f'<b>{_state(progress)}</b> <span class="name">{escape(cut(name, 60))}</span> '
        f'<span class="facts">{" · ".join(facts)}</span>{note}'
        f'<div class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="{progress.total}" '
        f'aria-valuenow="{progress.done}"><i style="width:{share:.2f}%"></i></div></div>'
    )


def _state(progress: Progress) -> str:
    if progress.state == "running" and progress.is_waiting:
        return "Waiting for a free place"
    return {"running": "Running", "paused": "Paused", "stopped": "Stopped", "done": "Done"}[
        progress.state
    ]
