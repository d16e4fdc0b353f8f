from __future__ import annotations

from pathlib import Path

import pytest

import crescendai.knowledge
from crescendai.feedback import passages
from tests.feedback.material import LIBRARY, hit

HANDBOOK = sorted((Path(crescendai.knowledge.__file__).parent / "handbook").glob("*.md"))


def test_an_exercise_is_read_whole() -> None:
    (exercise,) = passages.exercises(LIBRARY[1])
    assert exercise.name == "Syncopated pedal with one finger"
    assert exercise.purpose is not None
    assert exercise.purpose.startswith("This exercise trains the foot")
    assert len(exercise.steps) == 3
    assert exercise.check == "no two notes sound together and there is no gap between them."
    for words in (exercise.quote, exercise.check, *exercise.steps):
        assert words in LIBRARY[1].text


def test_an_exercise_under_the_passages_own_heading_is_read_too() -> None:
    cut = hit("T", "Exercise: Slow swell", "1. Play one note.\n2. Play it louder.", (), "practice")
    (exercise,) = passages.exercises(cut)
    assert (exercise.name, exercise.check) == ("Slow swell", None)
    assert passages.exercises(LIBRARY[0]) == ()


def test_a_quotation_begins_with_the_sentence_that_fits_best() -> None:
    said = passages.sentence(LIBRARY[3], ["hard", "bars"])
    assert said == "Hard bars are played late and easy bars early."
    whole = passages.sentence(LIBRARY[0], ["blurred", "pedalling"])
    assert whole is not None
    assert whole in LIBRARY[0].text
    assert whole.endswith("instead of by the harmony.")


def test_a_short_definition_is_quoted_with_what_follows_it() -> None:
    text = "Half pedalling has two meanings. One of them is a matter of depth, the other of time."
    said = passages.sentence(hit("T", "H", text, (), "pedal"), ["half", "pedalling"])
    assert said == text


def test_opus_numbers_and_beginnings_cut_off_are_no_sentences() -> None:
    text = (
        "and so it ends here in the middle of something. Play Czerny Op. 299 No. 1 slowly, with "
        "a loose wrist. Then stop."
    )
    said = passages.sentence(hit("T", "H", text, (), "practice"), ["czerny"])
    assert said == "Play Czerny Op. 299 No. 1 slowly, with a loose wrist. Then stop."


def test_items_of_a_list_are_not_quoted_alone() -> None:
    text = "Two mistakes are common.\n\n- Playing on in spite of pain, which proves nothing at all."
    assert passages.sentence(hit("T", "H", text, (), "health"), ["pain"]) is None


@pytest.mark.parametrize("path", HANDBOOK, ids=lambda path: path.stem)
def test_everything_read_from_the_handbook_stands_there(path: Path) -> None:
    _, front, text = path.read_text(encoding="utf-8").split("---", 2)
    found = 0
    for section in text.split("\n## "):
        heading, _, _ = section.partition("\n")
        passage = hit(path.stem, heading.strip(), "## " + section, (), "dimension")
        said = passages.sentence(passage, heading.split())
        assert said is None or said in passage.text
        for exercise in passages.exercises(passage):
            found += 1
            assert exercise.check
            assert exercise.quote in passage.text
            assert all(step in passage.text for step in exercise.steps)
    assert found >= (2 if "type: dimension" in front else 1)
