"""Panels in Ray's object store: each array put there once, however many trainings read it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gangru.training.fold_run import FoldJob
from gangru.training.fold_source import PanelArrays, PanelFold


@dataclass(frozen=True)
class StoredPanel:
    """A panel by references to its arrays; called on a node it gives them read-only, shared by all who read there."""

    references: Mapping[str, Any]

    def __call__(self) -> PanelArrays:
        """The arrays; the first call on a node brings them there. Raises Ray's ObjectLostError where they are gone."""
        import ray

        names = list(self.references)
        values = ray.get([self.references[name] for name in names])
        return PanelArrays(**dict(zip(names, values, strict=True)))


class Shelf:
    """Puts arrays into the object store of the running cluster and remembers which lie there.

    Studies on one market share most of their arrays: what is the same memory is put once.
    """

    def __init__(self) -> None:
        self.kept: dict[tuple[Any, ...], tuple[NDArray[Any], Any]] = {}

    def stored(self, job: FoldJob) -> FoldJob:
        """The job with references in place of its panel; one that reads no panel travels as it is."""
        if not isinstance(job.load, PanelFold):
            return job
        arrays = job.load.arrays()
        references = {field.name: self.reference(getattr(arrays, field.name)) for field in fields(arrays)}
        return replace(job, load=replace(job.load, arrays=StoredPanel(references)))

    def reference(self, array: NDArray[Any]) -> Any:
        """The reference of an array, put into the store if it is the first of its memory."""
        import ray

        place = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)
        if place not in self.kept:  # the array is kept beside it, so that its memory is no other's meanwhile
            self.kept[place] = (array, ray.put(np.ascontiguousarray(array)))
        return self.kept[place][1]
