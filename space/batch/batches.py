"""Everyone's batches: one at a time for a person, kept in the history, found again by who comes back."""

import hashlib
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from batch.accuracy import accuracies_of
from batch.form import Problems
from batch.gallery import save_small
from batch.job import Job, State
from batch.plan import Plan
from batch.rows import Row, row_of_kept
from history.store import History
from history.values import HistoryError, NotThere
from journal import Journal
from offer import Offer
from places import Places
from tracking import TrackedBatch, Tracker
from vlmscope import InputError, Run, SharedBase, Variant
from vlmscope.evidence.cases import CaseRun

FOLDER = "batches"
LATEST = 20
"""So many of a person's batches are looked at for the one that stands there."""
LEFT = "It paused when you left."
FOUND = "It was not finished when you were last here."


@dataclass(frozen=True)
class Held:
    """A person's batch: its entry in the history, the folder of its images, the job that runs it, and
    where its figures are tracked."""

    id: int
    folder: Path
    job: Job
    tracked: TrackedBatch

    @property
    def plan(self) -> Plan:
        return self.job.plan

    def forget_images(self) -> None:
        """Delete the images themselves; small copies stay."""
        for image in {case.image for case in self.plan.cases}:
            image.unlink(missing_ok=True)

    def small(self, image: Path) -> Path:
        """Where the small copy of an image of the plan lies, once its first case is finished."""
        return self.folder / f"{image.name}.webp"


class Batches:
    """The batches of everyone who is here; safe for many threads.

    Only a person's latest one is held in memory; its cases lie in `history`, and the images of what is
    not finished in a folder beside it. `limits` are options of the engine that hold for every batch.
    """

    def __init__(
        self,
        base: SharedBase,
        places: Places,
        history: History,
        tracker: Tracker | None = None,
        limits: Mapping[str, Any] | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._base, self._places, self._history = base, places, history
        self._tracker, self._limits, self._journal = tracker or Tracker(), limits, journal
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}
        self._beginning: set[str] = set()
        self._away: set[str] = set()
        history.when_forgotten(self.forgotten)

    def begin(
        self,
        person: str,
        offer: Offer,
        prepare: Callable[[Path], Plan | Problems],
        own_files: Callable[[Sequence[Variant]], Mapping[str, str]] = lambda variants: {},
    ) -> Held | Problems:
        """A batch that runs, of the plan that `prepare` makes with images in the folder it is given.

        `own_files` fetches what this person alone may read, by source: the batch goes on without them.
        The one before cannot go on from then on, so that images do not fill the disk batch by batch.
        Raises InputError where one runs already, HistoryError where none can be kept.
        """
        before = self.find(person, offer)
        with self._lock:
            if person in self._beginning or (before and before.job.is_running):
                raise InputError("A batch of yours is running; stop it first.")
            self._beginning.add(person)
        new = self._home(person) / "new"
        try:
            self._sweep(person)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            plan = prepare(new)
            if isinstance(plan, Problems):
                return plan
            held = self._kept(person, offer, plan, new, own_files(plan.variants))
            with self._lock:
                self._held[person] = held
            if before:
                self._end(person, before)
        finally:
            shutil.rmtree(new, ignore_errors=True)
            with self._lock:
                self._beginning.discard(person)
        held.job.go_on()
        with self._lock:
            is_away = person in self._away
        if is_away:  # they left while it was made ready
            held.job.pause(LEFT)
        return held

    def find(self, person: str, offer: Offer) -> Held | None:
        """A person's latest batch, wherever it stands; one that an earlier start left waits to go on.

        Raises HistoryError where it cannot be read.
        """
        with self._lock:
            held = self._held.get(person)
        if held or not person:
            return held
        latest = self._history.entries(person, kinds=("batch",), page_size=LATEST)
        found = (self._restored(person, entry.id, offer) for entry in latest)
        try:
            restored = next(filter(None, found), None)
        except OSError as error:
            raise HistoryError(
                f"The images of your batch cannot be read ({error.strerror}); mend the permissions "
                "of the history's folder."
            ) from error
        if restored is None:
            return None
        with self._lock:
            # Another page of theirs may have found it too: one of both is the batch.
            return self._held.setdefault(person, restored)

    def run_of(self, person: str, held: Held, case: str) -> Run:
        """The run of a finished case, maps included; raises NotThere, also for one that was refused."""
        return self._history.case_run(person, held.id, case)

    def came(self, person: str) -> None:
        """They are back: what paused for them goes on."""
        with self._lock:
            self._away.discard(person)
            held = self._held.get(person)
        if held:
            held.job.end_pause()

    def left(self, person: str) -> None:
        """Their last page closed: what runs for them pauses after its case."""
        with self._lock:
            self._away.add(person)
            held = self._held.get(person)
        if held and held.job.is_running:
            held.job.pause(LEFT)

    def gone(self, person: str) -> None:
        """They did not come back: nothing of theirs stays in memory, nor on disk beyond their visit."""
        with self._lock:
            self._away.discard(person)
            held = self._held.pop(person, None)
        if held:
            held.tracked.done()
        if not self._history.is_lasting:
            shutil.rmtree(self._home(person), ignore_errors=True)

    def forgotten(self, person: str) -> None:
        """They deleted entries: of a batch among them nothing stays, neither in memory nor on disk."""
        with self._lock:
            held = self._held.get(person)
        if held and not self._is_kept(person, held.id):
            with self._lock:
                self._held.pop(person, None)
            held.tracked.done()
        self._sweep(person)

    def _end(self, person: str, before: Held) -> None:
        before.tracked.done()
        with suppress(NotThere):
            # One that runs in another process with this history needs its images still.
            if self._history.entry(person, before.id).state != "running":
                before.forget_images()

    def _kept(
        self, person: str, offer: Offer, plan: Plan, new: Path, own: Mapping[str, str]
    ) -> Held:
        veiled = replace(plan, variants=tuple(map(offer.veiled, plan.variants)))
        id = self._history.begin_batch(person, veiled.to_record(), len(plan.cases))
        folder = self._home(person) / str(id)
        new.rename(folder)
        return self._job(person, id, folder, offer, plan.moved(folder), own)

    def _restored(self, person: str, id: int, offer: Offer) -> Held | None:
        kept = self._history.batch(person, id)
        if not kept.plan:  # brought in a file: its cases can be looked at, and not go on
            return None
        folder = self._home(person) / str(id)
        plan = Plan.from_record(kept.plan, folder)
        finished = {case.id for case in kept.cases}
        if not all(case.id in finished or case.image.is_file() for case in plan.cases):
            return None
        note = FOUND
        try:
            plan = replace(plan, variants=tuple(map(offer.resolved, plan.variants)))
        except InputError as refused:
            note = f"{FOUND} {refused}"
        held = self._job(person, id, folder, offer, plan)
        held.job.restore((row_of_kept(case, plan.is_measured) for case in kept.cases), note)
        return held

    def _job(
        self,
        person: str,
        id: int,
        folder: Path,
        offer: Offer,
        plan: Plan,
        own: Mapping[str, str] = {},
    ) -> Held:
        tracked = self._tracker.batch(plan)

        def keep(done: CaseRun) -> None:
            run = done.run
            if run is not None:
                save_small(run.image.pixels, held.small(done.case.image))
                run = offer.veiled_run(run)
            self._history.keep_case(person, id, replace(done, run=run))
            tracked.case(done)

        def tell(state: State, rows: Mapping[str, Row]) -> None:
            self._history.set_batch(person, id, state)
            if state == "done":
                held.forget_images()
                tracked.done(accuracies_of(plan, rows))

        more = (self._limits, self._journal, person)
        job = Job(self._base.knowing(own), plan, self._places, keep, tell, *more)
        held = Held(id, folder, job, tracked)
        return held

    def _home(self, person: str) -> Path:
        """The folder of a person's images, whose name says nothing of them."""
        name = hashlib.sha256(person.encode()).hexdigest()[:32]
        return self._history.folder / FOLDER / name

    def _sweep(self, person: str) -> None:
        """Delete the images of batches that are not in the history any more."""
        home = self._home(person)
        for folder in home.iterdir() if home.is_dir() else ():
            if folder.name.isdecimal() and not self._is_kept(person, int(folder.name)):
                shutil.rmtree(folder, ignore_errors=True)

    def _is_kept(self, person: str, id: int) -> bool:
        try:
            self._history.entry(person, id)
        except NotThere:
            return False
        return True
