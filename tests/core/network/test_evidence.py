"""A small run of the measurement of ``tests.support.evidence``: what is named is evidence."""

from tests.support.evidence import planted, random_claims


def test_random_wrong_numbers_of_networks_are_not_named() -> None:
    judged, named = random_claims(50, seed=81)
    assert judged.total() > 150
    assert named.total() == 0


def test_planted_mistakes_are_listed_and_those_in_every_layer_come_first() -> None:
    found = planted(40, seed=82)
    every, one = found["every"], found["one"]
    assert every.total() > 100
    assert every["not at all"] == one["not at all"] == 0
    assert every["first"] >= 0.95 * every.total()
    assert one["first"] >= 0.7 * one.total()
