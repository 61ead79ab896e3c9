"""Pictures as files: one, or one for each recording in a tree like theirs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..batch.discover import shared_folder
from ..batch.plan import mirrored
from ..batch.recording import Recording
from ..errors import AudioError, PathError, UsageError
from ..files import atomic_write, explained
from ..plot.drawing import Settings
from ..plot.files import DPI, SEVERAL, Add, pictures_in
from ..plot.picture import draw
from ..plot.scene import Scene
from ..wording import argument

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Shown(NamedTuple):
    """A recording to be shown.

    Attributes:
        recording: which one.
        scene: what is shown of it.
        path: of its file; None if it is not there.
    """

    recording: Recording
    scene: Scene
    path: str | None


@dataclass(frozen=True)
class Target:
    """Where pictures go, and how they are to be.

    Attributes:
        path: of the file, or of a folder.
        form: one of `plot.files.FORMATS`.
        settings: of each picture.
        split: whether each recording gets a file in the folder.
        overwrite: whether files that are there are replaced.
        dpi: pixels of an inch.
    """

    path: Path
    form: str
    settings: Settings
    split: bool = False
    overwrite: bool = False
    dpi: float = DPI

    def check(self, n_pictures: int) -> None:
        """Make sure, before any network runs, that pictures can be written.

        Args:
            n_pictures: how many there are.

        Raises:
            UsageError: if they cannot, or matplotlib is not installed.
        """
        self.settings.colours  # noqa: B018 an error, if there are none
        if self.split:
            if self.path.is_file():
                raise UsageError(
                    f"{self.path} is a file: {argument('split', True)} needs the name of a folder"
                )
        elif self.path.is_dir():
            raise UsageError(
                f"{self.path} is a folder: {argument('split', True)} puts a picture a recording "
                "there"
            )
        elif n_pictures > 1 and self.form not in SEVERAL:
            raise UsageError(
                f"a file of {self.form} holds one picture, and there are {n_pictures} recordings: "
                f"{argument('split', True)} writes one for each into a folder; pdf and html hold "
                "several"
            )
        elif self.path.exists() and not self.overwrite:
            raise UsageError(
                f"{self.path} is there already: give another name, or {argument('overwrite', True)}"
            )

    @contextmanager
    def opened(self, path: Path) -> Iterator[Add]:
        """Open a file for pictures, which appears when the block ends without an error.

        Args:
            path: of the file.
        """
        with (
            atomic_write(path, binary=True, replace=self.overwrite) as file,
            pictures_in(file, self.form, self.settings.colours, self.dpi) as add,
        ):
            yield add

    def write_one(self, figure: Figure) -> None:
        """Write a picture that is of no single recording.

        Args:
            figure: the picture.
        """
        with self.opened(self.path) as add:
            add(figure, None, None)

    def write(
        self,
        shown: Iterable[Shown],
        recordings: Sequence[Recording],
        inputs: Sequence[str | os.PathLike[str]] = (),
    ) -> list[PathError]:
        """Write a picture of each recording, and return why some could not be written.

        Args:
            shown: what they show.
            recordings: all that may be among them, for the names of a tree.
            inputs: names by which they were found, such as a folder, which the tree mirrors; empty
                for the recordings themselves.

        Raises:
            AudioError: if there is nothing to show.
            PathError: if a single file cannot be written; of a tree, it is returned.
            OutputError: if the disk is full.
        """
        if self.split:
            names = inputs or [each.path for each in recordings]
            return list(self._write_tree(shown, recordings, shared_folder(names)))
        n_pictures = 0
        with self.opened(self.path) as add:
            for each in shown:
                self._add(add, each, self.path)
                n_pictures += 1
            if not n_pictures:
                raise AudioError(f"{self.path} is not written: there is nothing to show")
        return []

    def _write_tree(
        self, shown: Iterable[Shown], recordings: Sequence[Recording], folder: Path
    ) -> Iterator[PathError]:
        names = mirrored(recordings, folder, f".{self.form}")
        path_of = {each.key: self.path / name for each, name in zip(recordings, names, strict=True)}
        for each in shown:
            path = path_of[each.recording.key]
            try:
                with explained(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                with self.opened(path) as add:
                    self._add(add, each, path)
            except PathError as error:
                yield error

    def _add(self, add: Add, shown: Shown, path: Path) -> None:
        figure = draw(shown.scene, self.settings.colours, self.settings.width)
        add(figure, shown.scene, shown.path and _seen_from(path.parent, shown.path))


def _seen_from(folder: Path, path: str) -> str:
    """The way from a folder to a file; on Windows there is none to another drive."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return os.path.abspath(path)
