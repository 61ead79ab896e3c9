"""One task over the recordings of a command line, and its results to where they belong."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import UsageError
from ..formats import FORMATS
from ..formats.spans import Selection
from ..results import Detection
from . import known_names
from .failures import Failures
from .inputs import named_inputs, open_stdin
from .model import open_model
from .streams import UntornFile
from .tables import STDOUT, for_stdout, format_of, is_stream

if TYPE_CHECKING:
    from ..audio import Clock, Reading
    from ..events.columns import Class
    from ..model import Model
    from ..pipeline import Task

LOG = logging.getLogger("panns_inference")


class Run(NamedTuple):
    """One task over the recordings of a command line.

    Attributes:
        given: the command line.
        open_task: loads the network.
        inputs: what the command line names.
        reading: how recordings are read.
        selection: what is written of each result.
        failures: takes them.
    """

    given: argparse.Namespace
    open_task: Callable[[], Task[Any]]
    inputs: Sequence[str]
    reading: Reading
    selection: Selection
    failures: Failures

    @property
    def on_error(self) -> Any:
        """What is done where a recording fails."""
        return self.failures.note if self.given.on_error == "skip" else self.given.on_error


def run_task(
    given: argparse.Namespace,
    output: str,
    make_task: Callable[[Model], Task[Any]],
    *,
    top: int | None = None,
    threshold: float | Mapping[Class, float] = 0.0,
    classes: Collection[Class] | None = None,
    exclude: Collection[Class] = (),
    clock: Clock | None = None,
) -> int:
    """Write the results of all recordings; return the exit status: 1 if one failed, else 0.

    Args:
        given: the command line.
        output: what the task needs of a network, where none is named.
        make_task: returns the task for a model.
        top: how many tags or events of each recording at most; None is all.
        threshold: smallest probability of a tag, or that of each class.
        classes: of the tags that are wanted; None is all.
        exclude: classes of tags that are not.
        clock: how it is found out when recordings began; None does not look for it.
    """
    from ..audio import Reading

    known_names.check(given)
    inputs = named_inputs(given)
    reading = Reading(given.resampler, given.strict, given.track, given.channel, clock)
    form = format_of(given)
    selection = Selection(
        top,
        threshold,
        given.raw,
        classes,
        exclude,
        given.excel,
        given.delimiter,
        given.decimal,
    )
    form.check_dialect(selection)
    form.check_clock(clock is not None)
    given.format = form.name

    def open_task() -> Task[Any]:
        return make_task(open_model(given, output, inputs))

    failures, n_recordings = Failures(given), None
    write = to_file
    with contextlib.ExitStack() as stack:
        if given.output in STDOUT:
            write = to_stdout
        elif is_stream(given.output):
            write = to_stdout
            stream = open(given.output, "a", encoding="utf-8", newline="")  # noqa: SIM115
            stack.enter_context(contextlib.redirect_stdout(stack.enter_context(stream)))
        try:
            n_recordings = write(Run(given, open_task, inputs, reading, selection, failures))
        finally:
            failures.finish(n_recordings)
    return 1 if failures.found else 0


def to_stdout(run: Run) -> int:
    """Write results to stdout as they come; return the number of recordings.

    Args:
        run: what is wanted.
    """
    from ..batch import find
    from ..batch.recording import split_channels
    from ..batch.run import in_order, none_is_there

    given, inputs = run.given, run.inputs
    form = FORMATS[given.format]
    form.require()
    selection = for_stdout(run.selection)
    if given.split or (form.binary and sys.stdout.isatty()):
        raise UsageError("name a file with -o, or with --split a folder")
    form.check_separate(run.reading.is_several)
    # Errors of the network are raised before stdin is waited for.
    task = run.open_task() if "-" in inputs else None
    found = find(open_stdin() if each == "-" else each for each in inputs)
    if len(found) > 1 and not form.several:
        raise UsageError(
            f"a file of format {form.name} holds one recording: name a folder with -o and --split"
        )
    recordings = split_channels(found, run.reading)
    run.failures.check([each.name for each in found])
    increments: Iterator[tuple[Any, bool]] = iter(())
    if not none_is_there(recordings, run.on_error):
        progress = given.verbosity >= 0 and not sys.stdout.isatty()
        more = {"jobs": given.jobs, "on_error": run.on_error, "progress": progress}
        task = task or run.open_task()
        # The most probable events are known at the end.
        is_whole = form.joined is None or (
            task.result_type is Detection and selection.top is not None
        )
        increments = in_order(task, recordings, run.reading, **more, increments=not is_whole)
    results = (
        form.joined(increments, selection) if form.joined else (result for result, _ in increments)
    )
    # Nothing is written before there is a first result: no half of a list.
    first = list(itertools.islice(results, 1))
    file: Any = UntornFile(sys.stdout.buffer if form.binary else sys.stdout)
    form.write(itertools.chain(first, results), file, **selection._asdict())
    return len(found)


def to_file(run: Run) -> int:
    """Write results to a file or a tree; return the number of recordings.

    Args:
        run: what is wanted.
    """
    from ..batch.plan import Plan
    from ..batch.run import none_is_there
    from ..batch.save import carry_out

    given, inputs = run.given, run.inputs
    if not given.output:
        raise UsageError("-o needs the name of a file or a folder")
    if "-" in inputs:
        raise UsageError("what is read from stdin goes to stdout: leave -o out")
    also_read = [path for path in (given.checkpoint, given.model, given.files_from) if path]
    plan = Plan(
        inputs=inputs,
        reading=run.reading,
        path=given.output,
        format=FORMATS[given.format],
        selection=run.selection,
        split=given.split,
        overwrite=given.overwrite,
        spared=also_read,
    )
    recordings = plan.output.recordings
    run.failures.check([each.name for each in recordings])
    report = none_is_there(recordings, run.on_error)
    if report is None:
        more = {"jobs": given.jobs, "on_error": run.on_error, "progress": given.verbosity >= 0}
        report = carry_out(plan, run.open_task(), **more)
    if report.n_recordings > 1 or report.n_done_before:
        LOG.info("%s", report)
    return report.n_recordings
