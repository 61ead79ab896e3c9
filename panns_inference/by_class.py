"""What a result says of one class: `tagging["Dog"]`, `detection["/m/0bt9lr"]`, `"Dog" in ...`."""

from __future__ import annotations

from typing import Generic, TypeVar

from .errors import LabelError, UsageError
from .events.columns import Class, column_of

Value = TypeVar("Value")


class ByClass(Generic[Value]):
    """A result that has a value for each class.

    Attributes:
        labels: display names of the classes.
    """

    labels: tuple[str, ...]

    def of_class(self, index: int) -> Value:
        """Return the value of a class.

        Args:
            index: its column.
        """
        raise NotImplementedError

    def __getitem__(self, wanted: Class) -> Value:
        try:
            return self.of_class(column_of(wanted, self.labels))
        except UsageError as error:
            raise LabelError(str(error)) from None
        except TypeError:
            raise LabelError(f"a class goes by label, mid or index, not by {wanted!r}") from None

    def __contains__(self, wanted: object) -> bool:
        """Whether there is a class; in a detection, whether an event of it was found."""
        try:
            found: object = self[wanted]  # type: ignore[index]
        except LabelError:
            return False
        return found != ()

    def _ipython_key_completions_(self) -> list[str]:
        """What notebooks offer behind `result["`."""
        return list(self.labels)
