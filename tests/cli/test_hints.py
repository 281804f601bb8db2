"""What people type of the habits of another program is refused with what it is here, ready to be typed."""

import pytest

from tests.conftest import Run

HINTS = {
    # numbers
    "bn-fold --mean 0 --var 1 --eps 1e-3,1e-5": "one number, like --eps 1e-5",
    "bn-fold --mean 0 --var 1 --eps inf": "like --eps 1e-5",
    "softmax-grad --logits 1,2 --label 0 --temperature two": "one number, like --temperature 0.1",
    # claims
    "softmax-grad --logits 1,2,3 --label 2 --expect 0.4076": "--expect loss=0.4076",
    "softmax-grad --logits 1,2,3 --label 2 --expect 0.1,0.2": "3 numbers, like 0.1,0.2,0.3",
    "softmax-grad --logits 1,2,3 --label 2 --expect jacobian=1": "--jacobian, and --expect jacobian=...",
    "bn-fold --mean 0,0,0 --var 1,1,1 --expect 1": "3 numbers, like 0.1,0.2,0.3",
    # words
    "help": "dlcalc --help",
}


@pytest.mark.parametrize("words", HINTS)
def test_the_hint_is_what_is_meant(run: Run, words: str) -> None:
    found = run(*words.split())
    assert found.code == 2
    assert found.err.splitlines()[-1] == f"hint: {HINTS[words]}"


def test_what_is_neither_numbers_nor_a_file_names_its_option(run: Run) -> None:
    found = run("softmax-grad", "--logits", "1,2,3", "--label", "cat")
    assert found.err.startswith("error: label 'cat' is neither numbers nor a file [file-not-found]\n")


@pytest.mark.parametrize("claimed", ["112", "112x112", "112x112x112"])
def test_equal_numbers_are_that_of_the_one_axis_that_was_named(run: Run, claimed: str) -> None:
    found = run("conv-shape", "--w", "224", "--k", "7", "--s", "2", "--p", "3", "--expect", claimed, "--json")
    assert (found.code, found.json["expect"]["claims"][0]["expected"]) == (0, {"w": 112})


def test_numbers_that_differ_are_not_those_of_one_axis(run: Run) -> None:
    found = run("conv-shape", "--w", "224", "--k", "7", "--s", "2", "--p", "3", "--expect", "112x111")
    assert (found.code, "[shape-mismatch]" in found.err) == (2, True)


def test_nothing_is_meant_by_a_word_that_was_refused(run: Run) -> None:
    found = run("conv-shape", "--w", "224", "3p1c64", "@b", "crop4@b")
    assert found.err.splitlines()[-1] == "hint: did you mean crop4 @b, which are two words?"
    found = run("conv-shape", "--w", "224", "3p1c64", "@b", "cta@b")
    assert found.err.splitlines()[-1] == "hint: did you mean cat@b?"
