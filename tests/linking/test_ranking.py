"""What is ranked by sorting packed numbers is what a plain sort would give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sourcing.linking.candidates import WEIGHT_BITS, _best
from sourcing.linking.normalised import LINE_BITS
from sourcing.linking.overlap import highest

SHARED = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 5)), max_size=60)


@given(SHARED)
def test_the_heaviest_lines_of_each_probe_are_kept(shared: list[tuple[int, int, int]]) -> None:
    packed = [
        (probe << LINE_BITS + WEIGHT_BITS) | (line << WEIGHT_BITS) | weight
        for probe, line, weight in shared
    ]
    total: dict[tuple[int, int], int] = {}
    for probe, line, weight in shared:
        total[probe, line] = total.get((probe, line), 0) + weight
    ranked = sorted(total, key=lambda pair: (pair[0], -total[pair], pair[1]))
    wanted = [
        pair for probe in range(4) for pair in [pair for pair in ranked if pair[0] == probe][:3]
    ]
    found = _best(np.array(packed, dtype=np.uint64), 3).tolist()
    assert [(pair >> LINE_BITS, pair & (1 << LINE_BITS) - 1) for pair in found] == wanted


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=40))
def test_the_first_of_the_highest_of_each_owner_is_chosen(said: list[tuple[int, int]]) -> None:
    said = sorted(said, key=lambda one: one[0])
    owner, worth = (np.array([one[i] for one in said], dtype=np.int64) for i in (0, 1))
    wanted = [
        max((i for i, one in enumerate(said) if one[0] == who), key=lambda i: (said[i][1], -i))
        for who in sorted(set(owner.tolist()))
    ]
    assert highest(owner, worth.astype(float)).tolist() == wanted
