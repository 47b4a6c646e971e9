"""What two sequences have in common, in order: the base of the differences of texts and of tables without a key.

Few edits are found by the greedy algorithm of E. W. Myers ("An O(ND) difference algorithm and its variations", 1986),
which gives the least. Where there are too many for it, equal elements are paired by how often they occurred before, and
the longest rising chain of the pairs is taken: never wrong, not always the least, and in O(n log n). The standard
library's `difflib` has no such bound: a text of few different words takes it cubic time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

_FEW_EDITS = 6  # after so many it is worth the time to ask first whether there are too many
_OLD_END, _NEW_END = object(), object()

_Pair = tuple[int, int]


class Match(NamedTuple):
    """Equal stretches: where they begin in the old and in the new sequence, and how long they are."""

    old: int
    new: int
    size: int


def match_sequences(old: Sequence[Hashable], new: Sequence[Hashable], *, most_edits: int = 100) -> list[Match]:
    """Find equal stretches of two sequences, in the order of both.

    Parameters
    ----------
    old, new
        The sequences.
    most_edits
        How many elements, of those that are in both, may come and go before a coarser way is taken.
    """
    middle = _Middle(old, new)
    pairs = _match_by_edits(middle.old, middle.new, most_edits)
    return middle.finish(_match_by_occurrence(middle.old, middle.new) if pairs is None else pairs)


def match_closely(old: Sequence[Hashable], new: Sequence[Hashable], most_edits: int) -> list[Match] | None:
    """Find equal stretches of two sequences that are alike; `None` when over `most_edits` elements come and go."""
    middle = _Middle(old, new)
    n_left = most_edits - middle.n_left_out
    pairs = _match_by_edits(middle.old, middle.new, n_left) if n_left >= 0 else None
    return None if pairs is None else middle.finish(pairs)


class _Middle:
    """What lies between an equal start and an equal end, without what is in one sequence alone: that cannot match."""

    def __init__(self, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
        length = min(len(old), len(new))
        n_start = n_end = 0
        while n_start < length and old[n_start] == new[n_start]:
            n_start += 1
        length -= n_start
        while n_end < length and old[-1 - n_end] == new[-1 - n_end]:
            n_end += 1
        self._n_start, self._n_end = n_start, n_end
        self._ends = len(old) - n_end, len(new) - n_end
        old_part, new_part = old[n_start : self._ends[0]], new[n_start : self._ends[1]]
        shared = {*old_part}.intersection(new_part)
        self.n_left_out = len(old_part) + len(new_part)
        self._old_places: list[int] = []
        self._new_places: list[int] = []
        self.old: list[Hashable] = []
        self.new: list[Hashable] = []
        if not shared:
            return
        self._old_places = [place for place, element in enumerate(old_part, n_start) if element in shared]
        self._new_places = [place for place, element in enumerate(new_part, n_start) if element in shared]
        self.old = [old[place] for place in self._old_places]
        self.new = [new[place] for place in self._new_places]
        self.n_left_out -= len(self.old) + len(self.new)

    def finish(self, pairs: Sequence[_Pair]) -> list[Match]:
        """Give the stretches of the whole sequences for pairs of the middle."""
        matches = [Match(0, 0, self._n_start)] if self._n_start else []
        matches += _join([(self._old_places[i], self._new_places[j]) for i, j in pairs])
        if self._n_end:
            matches.append(Match(*self._ends, self._n_end))
        return matches


def _match_by_edits(old: Sequence[Hashable], new: Sequence[Hashable], most_edits: int) -> list[_Pair] | None:
    """Find the most pairs, by the fewest edits; `None` when there are more than `most_edits`.

    `reach[k]` is how far into `old` the given number of edits leads on the diagonal `k = i - j`.
    """
    if not old:  # then there is no new one either
        return []
    n_old, n_new = len(old), len(new)
    most_edits = min(most_edits, n_old + n_new)
    ended_old = [*old, *[_OLD_END] * (most_edits + 1)]  # a way may lead over the end: nothing is equal there
    ended_new = [*new, *[_NEW_END] * (most_edits + 1)]
    reach = [-1] * (2 * most_edits + 3)  # negative diagonals lie at the end
    reach[1] = 0
    steps: list[list[int]] = []
    for n_edits in range(most_edits + 1):
        if n_edits == _FEW_EDITS and n_old + n_new - 2 * _count_common(old, new) > most_edits:
            return None
        steps.append(reach[:])
        for k in range(-n_edits, n_edits + 1, 2):
            i, below = reach[k - 1] + 1, reach[k + 1]
            if i <= below:  # noqa: PLR1730  (a call takes longer than all the rest)
                i = below
            j = i - k
            while ended_old[i] == ended_new[j]:
                i += 1
                j += 1
            reach[k] = i
            if i >= n_old and j >= n_new:
                return _walk_back(steps, n_old, n_new)
    return None


def _count_common(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """Say how many elements the longest common subsequence has: a row of its table is a number, with a bit for a place.

    The way is that of H. Hyyrö ("Bit-parallel LCS-length computation revisited", 2004).
    """
    places: dict[Hashable, int] = {}
    for place, element in enumerate(old):
        places[element] = places.get(element, 0) | 1 << place
    row = every = (1 << len(old)) - 1
    for element in new:
        found = row & places.get(element, 0)
        row = (row + found) | (row - found)
    return len(old) - (row & every).bit_count()


def _walk_back(steps: Sequence[Sequence[int]], i: int, j: int) -> list[_Pair]:
    """Give the pairs on the way to the end of both sequences."""
    pairs: list[_Pair] = []
    for reach in reversed(steps[1:]):
        k = i - j
        comes_from_above = reach[k - 1] < reach[k + 1]
        k_before = k + 1 if comes_from_above else k - 1
        i_before = reach[k_before]
        pairs += [(place, place - k) for place in range(i - 1, i_before - comes_from_above, -1)]
        i, j = i_before, i_before - k_before
    pairs += [(place, place) for place in range(i - 1, -1, -1)]
    return pairs[::-1]


def _match_by_occurrence(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[_Pair]:
    """Pair the first of each element with the first, the second with the second; keep the longest rising chain."""
    place_of = {label: place for place, label in enumerate(_number_occurrences(new))}
    pairs = [(i, place_of[label]) for i, label in enumerate(_number_occurrences(old)) if label in place_of]
    ends: list[int] = []  # the least last place of a chain of each length
    chain: list[int] = []
    before: list[int | None] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(chain[length - 1] if length else None)
        ends[length : length + 1] = [place]
        chain[length : length + 1] = [number]
    found: list[_Pair] = []
    at = chain[-1] if chain else None
    while at is not None:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


def _number_occurrences(sequence: Sequence[Hashable]) -> list[tuple[Hashable, int]]:
    counts: dict[Hashable, int] = {}
    labels = []
    for element in sequence:
        counts[element] = number = counts.get(element, 0) + 1
        labels.append((element, number))
    return labels


def _join(pairs: Iterable[_Pair]) -> list[Match]:
    """Join pairs that follow each other in both."""
    matches: list[Match] = []
    old = new = size = 0
    for i, j in pairs:
        if i == old + size and j == new + size:
            size += 1
            continue
        if size:
            matches.append(Match(old, new, size))
        old, new, size = i, j, 1
    if size:
        matches.append(Match(old, new, size))
    return matches
