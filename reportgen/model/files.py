"""Images and large tables that runs keep by content: found and looked at when a page shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from reportgen.blobs import BlobError, find_blob
from reportgen.images import ImageFacts, inspect_image
from reportgen.log.layout import BLOB_DIR
from reportgen.tables import TableFile, inspect_table

_N_KEPT = 2000


class Files:
    """Finds the files of runs."""

    def __init__(self, folders_of: Callable[[str], Sequence[Path]], stores: Sequence[Path]) -> None:
        """Take what gives the folders of the logs of a run, and the folders of the stores of sites."""
        self._folders_of = folders_of
        self._stores = stores
        self.image = lru_cache(_N_KEPT)(self._image)
        self.table = lru_cache(_N_KEPT)(self._table)

    def _places(self, run_id: str) -> Sequence[Path]:
        return [*self._folders_of(run_id), *self._stores]

    def size(self, name: str, run_id: str) -> int:
        """Say how many bytes a file of a run has, without a look at what it holds; 0 when it is not there."""
        for place in self._places(run_id):
            with suppress(OSError):
                return (place / BLOB_DIR / name).stat().st_size
        return 0

    def _image(self, name: str, run_id: str) -> ImageFacts:
        """Look at an image of a run."""
        return inspect_image(name, self._places(run_id))

    def _table(self, name: str, run_id: str) -> TableFile:
        """Look at the file of a table of a run."""
        try:
            return inspect_table(find_blob(name, self._places(run_id)))
        except BlobError as error:
            return TableFile(None, broken=str(error))
