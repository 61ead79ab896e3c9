"""Rows that come one after the other become the columns of a picture, however many there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COLUMNS = 2048
"""Columns of a picture: more than a screen shows, at least half of it are there."""


class Pooling:
    """Joins neighbours whenever there are too many: memory does not grow with a recording.

    Args:
        join: how two rows become one: `np.maximum`, `np.minimum` or `np.add`.
        size: values of a row.
        n_columns: most columns that there are in the end.
    """

    def __init__(self, join: np.ufunc, size: int, n_columns: int = COLUMNS) -> None:
        self._join = join
        self._columns = np.zeros((2 * (n_columns // 2), size), np.float32)
        self._n_columns = 0
        self._last = np.zeros((0, size), np.float32)  # less than a column
        self.n_rows = 0
        self.rows_per_column = 1

    def add(self, rows: NDArray[np.float32]) -> None:
        """Take what follows.

        Args:
            rows: (rows, size).
        """
        self.n_rows += len(rows)
        rows = np.concatenate([self._last, rows])
        while len(rows) >= self.rows_per_column:
            n_free = len(self._columns) - self._n_columns
            n_new = min(n_free, len(rows) // self.rows_per_column)
            new = rows[: n_new * self.rows_per_column]
            rows = rows[len(new) :]
            pools = new.reshape(n_new, self.rows_per_column, -1)
            self._columns[self._n_columns : self._n_columns + n_new] = self._join.reduce(pools, 1)
            self._n_columns += n_new
            if self._n_columns == len(self._columns):
                halves = self._join(self._columns[::2], self._columns[1::2])
                self._n_columns = len(halves)
                self._columns[: len(halves)] = halves
                self.rows_per_column *= 2
        self._last = rows

    def columns(self) -> NDArray[np.float32]:
        """Return what there is, (columns, size); the last column may be of fewer rows."""
        last = [self._join.reduce(self._last, 0, keepdims=True)] if len(self._last) else []
        return np.concatenate([self._columns[: self._n_columns], *last])

    def means(self) -> NDArray[np.float32]:
        """Return the mean of the rows in each column, (columns, size), if they were added up."""
        columns = self.columns()
        n_rows = np.full(len(columns), self.rows_per_column)
        if len(self._last):
            n_rows[-1] = len(self._last)
        means: NDArray[np.float32] = (columns / n_rows[:, None]).astype(np.float32)
        return means
