"""What two sequences have in common, in order: the base of the differences of texts and of tables without a key.

Few edits are found by the greedy algorithm of E. W. Myers ("An O(ND) difference algorithm and its variations", 1986),
which gives the least. Where there are too many for it, equal elements are paired by how often they occurred before, and
the longest rising chain of the pairs is taken: never wrong, not always the least, and in O(n log n). The standard
library's `difflib` has no such bound: a text of few different words takes it cubic time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from typing import NamedTuple

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
        self._n_start = _count_equal(old, new, length)
        self._n_end = _count_equal(old[::-1], new[::-1], length - self._n_start)
        self._ends = len(old) - self._n_end, len(new) - self._n_end
        old_part, new_part = old[self._n_start : self._ends[0]], new[self._n_start : self._ends[1]]
        in_old, in_new = {*old_part}, {*new_part}
        self._old_places = [place for place, element in enumerate(old_part, self._n_start) if element in in_new]
        self._new_places = [place for place, element in enumerate(new_part, self._n_start) if element in in_old]
        self.old = [old[place] for place in self._old_places]
        self.new = [new[place] for place in self._new_places]
        self.n_left_out = len(old_part) + len(new_part) - len(self.old) - len(self.new)

    def finish(self, pairs: Sequence[_Pair]) -> list[Match]:
        """Give the stretches of the whole sequences for pairs of the middle."""
        matches = _join([(self._old_places[i], self._new_places[j]) for i, j in pairs])
        start, end = Match(0, 0, self._n_start), Match(*self._ends, self._n_end)
        return [match for match in (start, *matches, end) if match.size]


def _count_equal(old: Sequence[Hashable], new: Sequence[Hashable], most: int) -> int:
    """Say how many elements are equal before the first that is not."""
    for place in range(most):
        if old[place] != new[place]:
            return place
    return most


def _match_by_edits(old: Sequence[Hashable], new: Sequence[Hashable], most_edits: int) -> list[_Pair] | None:
    """Find the most pairs, by the fewest edits; `None` when there are more than `most_edits`.

    `reach[k]` is how far into `old` the given number of edits leads on the diagonal `k = i - j`.
    """
    n_old, n_new = len(old), len(new)
    most_edits = min(most_edits, n_old + n_new)
    reach = [0] * (2 * most_edits + 3)  # negative diagonals lie at the end
    steps: list[list[int]] = []
    for n_edits in range(most_edits + 1):
        steps.append(reach[:])
        for k in range(-n_edits, n_edits + 1, 2):
            right, below = reach[k - 1] + 1, reach[k + 1]
            i = below if k == -n_edits or (k != n_edits and right <= below) else right
            while i < n_old and i - k < n_new and old[i] == new[i - k]:
                i += 1
            reach[k] = i
            if i >= n_old and k == n_old - n_new:
                return _walk_back(steps, n_old, n_new)
    return None


def _walk_back(steps: Sequence[Sequence[int]], i: int, j: int) -> list[_Pair]:
    """Give the pairs on the way to the end of both sequences."""
    pairs: list[_Pair] = []
    for n_edits in range(len(steps) - 1, -1, -1):
        reach, k = steps[n_edits], i - j
        came_from_above = k == -n_edits or (k != n_edits and reach[k - 1] < reach[k + 1])
        k_before = k + 1 if came_from_above else k - 1
        i_before = reach[k_before] if n_edits else 0
        start = i_before + (0 if came_from_above or not n_edits else 1)
        pairs += [(place, place - k) for place in range(i - 1, start - 1, -1)]
        i, j = i_before, i_before - k_before
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


def _join(pairs: Sequence[_Pair]) -> list[Match]:
    """Join pairs that follow each other in both."""
    matches: list[Match] = []
    for i, j in pairs:
        last = matches[-1] if matches else None
        if last and (last.old + last.size, last.new + last.size) == (i, j):
            matches[-1] = last._replace(size=last.size + 1)
        else:
            matches.append(Match(i, j, 1))
    return matches
