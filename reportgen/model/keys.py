"""Keys and their versions, which lie one after the other in the table of artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from reportgen.model.objects import Artifact

if TYPE_CHECKING:
    from reportgen.model.model import Model


class Versions(Sequence[Artifact]):
    """Artifacts that lie one after the other, oldest first, read when they are asked for."""

    def __init__(self, model: Model, places: range) -> None:
        self._model = model
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Artifact: ...

    @overload
    def __getitem__(self, index: slice) -> Versions: ...

    def __getitem__(self, index: int | slice) -> Artifact | Versions:
        if isinstance(index, slice):
            return Versions(self._model, self.places[index])
        return self._model.artifact_at(self.places[index])

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self._model.artifacts_at(self.places))


class Key:
    """Versions of one key, oldest first."""

    def __init__(self, model: Model, name: str, places: range) -> None:
        self._model = model
        self.name = name
        self.versions = Versions(model, places)

    @cached_property
    def newest_place(self) -> int:
        """Where the newest version lies in the table of artifacts."""
        places = self.versions.places
        living = (place for place in reversed(places) if place not in self._model.deleted_places)
        return next(living, places[-1])

    @cached_property
    def newest(self) -> Artifact:
        """The highest version that is not deleted; the highest one when all are."""
        return self._model.artifact_at(self.newest_place)
