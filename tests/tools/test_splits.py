"""How clips are held out: what belongs together stays together."""

from __future__ import annotations

from tools.percepiano import overlapping_bars
from tools.performance_study import folds_by, work_of


def test_movements_of_one_work_share_a_fold() -> None:
    pieces = ["Schubert_D960_mv2", "Schubert_D960_mv3", "Schubert_D935_no.3", "Beethoven_WoO80"]
    folds = folds_by([work_of(piece) for piece in pieces], 3).tolist()
    assert folds[0] == folds[1]
    assert len(set(folds)) == 3


def test_large_groups_are_spread_over_the_folds() -> None:
    folds = folds_by(["a"] * 5 + ["b"] * 3 + ["c"] * 2, 2).tolist()
    assert folds == [0] * 5 + [1] * 5


def test_passages_of_the_same_bars_are_one_group() -> None:
    eight, sixteen = (
        [f"Piece_8bars_{i}" for i in (1, 2, 3, 5)],
        ["Piece_16bars_1", "Piece_16bars_3"],
    )
    group = overlapping_bars([*eight, *sixteen, "Other_16bars_1"])
    assert group["Piece_8bars_1"] == group["Piece_16bars_1"] == group["Piece_8bars_2"]
    assert group["Piece_8bars_5"] == group["Piece_16bars_3"]
    assert len(set(group.values())) == 4
