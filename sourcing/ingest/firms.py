"""The firms the base knows: a list that speaks of firms is only about those."""

from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from sourcing.model import Supplier


class Firms:
    """The sirens of the base as numbers in order, four bytes each, read when first asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def _sirens(self) -> NDArray[np.int32]:
        found = select(Supplier.siren).where(Supplier.siren != "").distinct()
        rows: Any = self.session.connection().execute(found)
        numbers = (int(siren) for siren in chain.from_iterable(rows) if siren.isdigit())
        return np.sort(np.fromiter(numbers, dtype=np.int32))

    def known(self, sirens: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which of these numbers the base has."""
        return np.isin(sirens, self._sirens)

    def __contains__(self, siren: str) -> bool:
        place = int(np.searchsorted(self._sirens, int(siren)))
        return place < len(self._sirens) and int(self._sirens[place]) == int(siren)
