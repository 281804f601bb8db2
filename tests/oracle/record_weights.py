"""Save weights with PyTorch and with the safetensors library, and record what these say of them.

The files lie in ``tests/oracle/weights``, for ``test_recorded_weights.py``, which runs without both. Run it as
``pip install -e '.[dev,oracle]' safetensors && python -m tests.oracle.record_weights``.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

FOLDER = Path(__file__).with_name("weights")
_TYPES = ("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int64", "int32", "int16")
_MORE_TYPES = ("int8", "uint8", "uint16", "uint32", "bool", "complex64")


def network() -> Any:
    """Every kind of layer that has weights, small, and two that share theirs."""
    nn = torch.nn
    net = nn.ModuleDict(
        {
            "conv1": nn.Conv2d(3, 4, 3, bias=False).to(memory_format=torch.channels_last),
            "bn1": nn.BatchNorm2d(4),
            "act": nn.PReLU(),
            "up": nn.ConvTranspose1d(4, 2, 2),
            "embed": nn.Embedding(7, 6),
            "norm": nn.LayerNorm(6),
            "lstm": nn.LSTM(6, 2, bidirectional=True),
            "attention": nn.MultiheadAttention(6, 2),
            "head": nn.Linear(6, 7),
        }
    )
    net["head"].weight = net["embed"].weight
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.arange(parameter.numel()).remainder(17).reshape(parameter.shape))
    return net


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    net = network()
    optimizer = torch.optim.SGD([net["bn1"].weight], 1.0, momentum=0.5)
    net["bn1"].weight.sum().backward()
    optimizer.step()
    learned = sum(parameter.numel() for parameter in net.parameters())
    kept = sum(buffer.numel() for name, buffer in net.named_buffers() if "num_batches" not in name)
    state, types = net.state_dict(), _types()
    plain = {
        name: tensor.clone().contiguous()
        for name, tensor in {**state, **types}.items()
        if tensor.dtype != torch.complex64
    }
    training = {"epoch": 3, "model_state_dict": state, "optimizer": optimizer.state_dict(), "loss": 0.5}
    torch.save(state, FOLDER / "state.pt")
    torch.save(state, FOLDER / "protocol4.bin", pickle_protocol=4)
    torch.save(training, FOLDER / "training.pt")
    torch.save(dict(net.named_parameters()), FOLDER / "parameters.pth")
    torch.save(types, FOLDER / "types.pt")
    torch.serialization.set_crc32_options(False)
    torch.save({"state_dict": state}, FOLDER / "no_checksums.ckpt")
    torch.serialization.set_crc32_options(True)
    torch.save(state, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3)), FOLDER / "module.pt")
    torch.save(torch.ones(3), FOLDER / "tensor.pt")
    safetensors.save_file(plain, FOLDER / "all.safetensors", {"format": "pt"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(torch.nn.Linear(2, 3), torch.ones(1, 2)).save(FOLDER / "script.pt")
    totals = {"params": learned, "buffers": kept}
    facts: dict[str, Any] = {
        "versions": {"torch": torch.__version__},
        "state.pt": totals | {"tensors": _facts(state)},
        "protocol4.bin": totals | {"tensors": _facts(state)},
        "training.pt": totals | {"tensors": _facts(state)},
        "no_checksums.ckpt": totals | {"tensors": _facts(state)},
        "parameters.pth": totals | {"buffers": 0, "tensors": _facts(dict(net.named_parameters()))},
        "types.pt": {"tensors": _facts(types)},
        "all.safetensors": {"tensors": _facts(plain)},
        "legacy.pt": "unsupported-file",
        "module.pt": "unsafe-file",
        "tensor.pt": "unsupported-file",
        "script.pt": "unsupported-file",
    }
    (FOLDER / "facts.json").write_text(json.dumps(facts, separators=(",", ":")) + "\n")
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")  # noqa: T201


def _types() -> dict[str, Any]:
    """A tensor of each type, and views of one storage."""
    found = {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in (*_TYPES, *_MORE_TYPES)}
    base = torch.arange(24.0)
    found |= {"base": base, "transposed": base.reshape(4, 6).t(), "part": base[5:9], "every_third": base[1::3]}
    found |= {"number": torch.tensor(2.5), "empty": torch.empty(0, 3), "spread": torch.ones(1).expand(4)}
    return found | {"left": base[2:20].clone()[::2], "flipped": torch.arange(6.0).reshape(1, 2, 3).permute(2, 0, 1)}


def _facts(tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The dtype, the shape and the numbers of each tensor."""
    return {name: [str(one.dtype)[6:], list(one.shape), _numbers(one.detach())] for name, one in tensors.items()}


def _numbers(tensor: Any) -> Any:
    if tensor.dtype == torch.complex64:
        return torch.view_as_real(tensor).flatten().tolist()
    return tensor.to(torch.float64).flatten().tolist()


if __name__ == "__main__":
    main()
