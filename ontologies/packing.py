"""How many short texts are kept so that a process opens them at once and shares them.

Texts lie behind each other as UTF-8 in one memory-mapped array and are decoded when asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int32]


def save_arrays(folder: Path, name: str, **arrays: NDArray[Any]) -> None:
    """Write each array as `<name>.<part>.npy` below `folder`, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, array in arrays.items():
        np.save(folder / f"{name}.{part}.npy", array, allow_pickle=False)


def open_array(folder: Path, name: str, part: str) -> NDArray[Any]:
    """The array written by `save_arrays`, memory-mapped and read-only."""
    mapped: NDArray[Any] = np.load(
        folder / f"{name}.{part}.npy", mmap_mode="r", allow_pickle=False
    )
    # The same memory: a memmap takes several times as long to give a number or a slice.
    return mapped.view(np.ndarray)


class PackedTexts(Sequence[str]):
    """A sequence of texts that is read from disk one text at a time."""

    def __init__(self, blob: Bytes, offsets: Numbers) -> None:
        self._blob = blob
        self._offsets = offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> PackedTexts:
        """The texts in their order."""
        encoded = [text.encode() for text in texts]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        row = index % len(self)
        start, end = self._offsets[row], self._offsets[row + 1]
        return self._blob[start:end].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        blob = self._blob.tobytes()
        offsets = self._offsets.tolist()
        for start, end in zip(offsets, offsets[1:]):
            yield blob[start:end].decode()

    def save(self, folder: Path, name: str) -> None:
        """Write the texts below `folder` under `name`."""
        save_arrays(folder, name, blob=self._blob, offsets=self._offsets)

    @classmethod
    def open(cls, folder: Path, name: str) -> PackedTexts:
        """The texts that `save` wrote."""
        return cls(
            open_array(folder, name, "blob"), open_array(folder, name, "offsets")
        )


class PackedDictionary:
    """From a text to the numbers filed under it, found by binary search."""

    def __init__(self, keys: PackedTexts, offsets: Numbers, numbers: Numbers) -> None:
        self._keys = keys
        self._offsets = offsets
        self._numbers = numbers

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, int]]) -> PackedDictionary:
        """Every number under its text, each once, ascending."""
        filed: dict[str, set[int]] = {}
        for key, number in pairs:
            filed.setdefault(key, set()).add(number)
        keys = sorted(filed)
        offsets = np.zeros(len(keys) + 1, dtype=np.int32)
        np.cumsum([len(filed[key]) for key in keys], out=offsets[1:])
        numbers = [number for key in keys for number in sorted(filed[key])]
        return cls(PackedTexts.of(keys), offsets, np.array(numbers, dtype=np.int32))

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, key: str) -> list[int]:
        """The numbers under `key`; empty where there are none."""
        # UTF-8 sorts as code points do, so str comparison finds what `of` sorted.
        position = bisect_left(self._keys, key)
        if position == len(self._keys) or self._keys[position] != key:
            return []
        start, end = self._offsets[position], self._offsets[position + 1]
        found: list[int] = self._numbers[start:end].tolist()
        return found

    def items(self) -> Iterator[tuple[str, list[int]]]:
        """Every text with its numbers, in the order of the texts."""
        numbers = self._numbers.tolist()
        edges = self._offsets.tolist()
        for key, start, end in zip(self._keys, edges, edges[1:]):
            yield key, numbers[start:end]

    def save(self, folder: Path, name: str) -> None:
        """Write the dictionary below `folder` under `name`."""
        self._keys.save(folder, f"{name}.keys")
        save_arrays(folder, name, starts=self._offsets, numbers=self._numbers)

    @classmethod
    def open(cls, folder: Path, name: str) -> PackedDictionary:
        """The dictionary that `save` wrote."""
        return cls(
            PackedTexts.open(folder, f"{name}.keys"),
            open_array(folder, name, "starts"),
            open_array(folder, name, "numbers"),
        )
