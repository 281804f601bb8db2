"""The nodes of a network: what depends on what; and that random ones are what is read from their words."""

from dlcalc.core.conv.layer import Layer
from dlcalc.core.network.network import Network, layer_question
from dlcalc.notation.networks import read_network
from tests.support.random_networks import as_typed, graphs


def test_random_graphs_are_read_from_their_words() -> None:
    """So that a graph that fails a test can be typed."""
    for asked in graphs(500, seed=95):
        typed = as_typed(asked.network)
        read = read_network(typed.split(), asked.axes, asked.network.inputs[0])
        assert [node[:4] for node in read.nodes] == [node[:4] for node in asked.network.nodes], typed
        assert not [notice for notice in read.notices if notice.code == "unused-name"], typed


def reached(network: Network, name: str) -> set[str]:
    """What a node depends on, by going back from it."""
    found, left = set[str](), [name]
    inputs = {node.name: node.inputs for node in network.nodes}
    while left:
        one = left.pop()
        found.add(one)
        left += inputs.get(one, ())
    return found


def test_the_part_that_a_node_depends_on() -> None:
    left_out = 0
    for asked in graphs(200, seed=96):
        network = asked.network
        for node in network.nodes:
            part = network.up_to(node.name)
            assert part.nodes[-1] == node
            assert {one.name for one in part.nodes} == reached(network, node.name) - {"input"}
            left_out += len(part.nodes) < network.nodes.index(node) + 1
    assert left_out > 50


def test_the_last_use_of_a_map() -> None:
    for asked in graphs(200, seed=97):
        nodes = asked.network.nodes
        uses = asked.network.last_uses()
        for index, name in [(-1, "input"), *enumerate(node.name for node in nodes)]:
            assert uses[name] == max(
                [number for number, node in enumerate(nodes) if name in node.inputs], default=index
            )


def test_a_layer_in_options_is_a_network_of_one_node_without_a_word() -> None:
    question = layer_question(("h", "w"), (7, 9), Layer(3, kind="max-pool"), "onnx", 2)
    (node,) = question.network.nodes
    assert (node.name, node.word, question.network.single, question.size) == ("pool1", "", node.op, (7, 9))
    assert question.with_size((4, 5)) == layer_question(("h", "w"), (4, 5), Layer(3, kind="max-pool"), "onnx", 2)
    assert question.with_layer(Layer(5, kind="max-pool")).network.nodes[0].op.layer == Layer(5, kind="max-pool")
    worded = question.network._replace(nodes=(node._replace(word="max3"),))
    assert worded.single is None
