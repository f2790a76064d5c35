"""Networks on disk: exact round trips, golden entries, and one clear error for each way a file can be wrong."""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from safetensors.numpy import save_file

from polyae.errors import FileFormatError, NetworkError, PolyaeError, ShapeError, UnsupportedLayerError
from polyae.networks import Layer, Network, network_from_dict, read_network, write_network
from tests.networks.strategies import networks

SUFFIXES = [".json", ".safetensors"]
HIDDEN = {"weight": [[1, 2], [0, -1]], "bias": [0.5, 1]}
LAST = {"weight": [[1, 1]], "bias": [0]}


def slopes(description: dict[str, Any]) -> list[list[float]]:
    return [layer.slope.tolist() for layer in network_from_dict(description).layers]


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(network=networks())
def test_round_trip_is_exact(suffix: str, network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"net{suffix}"
        write_network(network, path)
        again = read_network(str(path))
    assert again == network
    for a, b in zip(again.layers, network.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)
        assert np.array_equal(a.slope, b.slope)


def test_slopes_by_default_and_by_key() -> None:
    assert slopes({"layers": [HIDDEN, LAST]}) == [[0, 0], [1]]
    assert slopes({"layers": [HIDDEN, LAST], "negative_slope": -1}) == [[-1, -1], [1]]
    assert slopes({"layers": [HIDDEN, LAST | {"activation": "relu"}], "negative_slope": 0.5}) == [[0.5, 0.5], [0]]
    assert slopes({"layers": [HIDDEN | {"activation": "abs"}, LAST]}) == [[-1, -1], [1]]
    assert slopes({"layers": [HIDDEN | {"activation": "identity"}, LAST]}) == [[1, 1], [1]]
    assert slopes({"layers": [HIDDEN | {"negative_slope": 0.25}, LAST]}) == [[0.25, 0.25], [1]]
    prelu = {"activation": "prelu", "negative_slope": [0.25, 3]}
    assert slopes({"layers": [HIDDEN | prelu, LAST]}) == [[0.25, 3], [1]]
    leaky = {"activation": "leaky_relu"}
    assert slopes({"layers": [HIDDEN | leaky, LAST | leaky], "negative_slope": 0.1}) == [[0.1, 0.1], [0.1]]


def test_arrays_and_tuples_serve_as_lists() -> None:
    arrays = {"weight": np.array(HIDDEN["weight"]), "bias": tuple(HIDDEN["bias"])}
    assert network_from_dict({"layers": [arrays, LAST]}) == network_from_dict({"layers": [HIDDEN, LAST]})


def test_golden_entries_are_valid_files(reference: Path, tmp_path: Path) -> None:
    entries = json.loads((reference / "golden" / "integer_networks.json").read_text())
    assert entries
    for entry in entries:
        path = tmp_path / f"{entry['name']}.json"
        path.write_text(json.dumps(entry))
        network = read_network(path)
        assert [layer.weight.tolist() for layer in network.layers] == [y["weight"] for y in entry["layers"]]
        assert [layer.bias.tolist() for layer in network.layers] == [y["bias"] for y in entry["layers"]]
        assert {s for layer in network.layers[:-1] for s in layer.slope} == {entry["negative_slope"]}
        assert not len(network.layers[-1].units)


MALFORMED: list[tuple[Any, type[PolyaeError], str]] = [
    ([{"layers": [LAST]}], FileFormatError, "one object with the key 'layers', got a list"),
    ({}, FileFormatError, "'layers' must be a list of layers, got nothing"),
    ({"layers": {}}, FileFormatError, "'layers' must be a list"),
    ({"layers": []}, NetworkError, "at least one layer"),
    ({"layers": [LAST, 3]}, FileFormatError, "layer 1 must be an object"),
    ({"layers": [HIDDEN, {"weight": [[1, 1]]}]}, FileFormatError, "layer 1 lacks the key 'bias'"),
    ({"layers": [{"bias": [1]}]}, FileFormatError, "layer 0 lacks the key 'weight'"),
    ({"layers": [LAST | {"negative_slop": 0}]}, FileFormatError, "unknown key 'negative_slop'"),
    ({"layers": [LAST | {"weight": [["1", 1]]}]}, FileFormatError, r"weight\[0\]\[0\] must be a number, got '1'"),
    ({"layers": [LAST | {"weight": [[1, None]]}]}, FileFormatError, r"weight\[0\]\[1\] .* got nothing"),
    ({"layers": [LAST | {"bias": [True]}]}, FileFormatError, r"bias\[0\] must be a number, got True"),
    ({"layers": [LAST | {"bias": 0}]}, FileFormatError, "bias must be a list"),
    ({"layers": [LAST | {"weight": [1, 1]}]}, FileFormatError, r"weight\[0\] must be a list"),
    ({"layers": [LAST | {"weight": [[1, 1], [1]]}]}, ShapeError, "layer 0: weight has rows of different lengths"),
    ({"layers": [LAST | {"weight": [[]]}]}, NetworkError, "at least one input"),
    ({"layers": [LAST | {"weight": []}]}, ShapeError, "layer 0: weight must have 2 axes"),
    ({"layers": [LAST | {"bias": [0, 0]}]}, ShapeError, r"layer 0: bias has shape \(2,\)"),
    ({"layers": [LAST | {"weight": [[1, 10**400]]}]}, NetworkError, "beyond the range of float64"),
    ({"layers": [LAST | {"weight": [[1, float("nan")]]}]}, NetworkError, r"layer 0: weight holds nan at \(0, 1\)"),
    ({"layers": [LAST | {"bias": [float("inf")]}]}, NetworkError, "layer 0: bias holds inf"),
    ({"layers": [LAST, HIDDEN]}, NetworkError, "layer 0 has 1 outputs but layer 1 takes 2"),
    ({"layers": [LAST | {"activation": "gelu"}]}, UnsupportedLayerError, "layer 0: activation is 'gelu'"),
    ({"layers": [LAST | {"activation": ["relu"]}]}, UnsupportedLayerError, "layer 0: activation is"),
    ({"layers": [LAST | {"activation": "prelu"}]}, FileFormatError, "layer 0: .* needs the key 'negative_slope'"),
    ({"layers": [LAST | {"activation": "abs", "negative_slope": 0}]}, FileFormatError, "contradicts .*'abs'"),
    ({"layers": [LAST | {"negative_slope": [0, 0]}]}, ShapeError, r"layer 0: slope has shape \(2,\)"),
    ({"layers": [LAST | {"negative_slope": "0"}]}, FileFormatError, "layer 0: negative_slope must be a number"),
    ({"layers": [LAST], "negative_slope": "0"}, FileFormatError, "'negative_slope' must be a number, got '0'"),
]


@pytest.mark.parametrize(("description", "error", "message"), MALFORMED)
def test_malformed_descriptions(description: Any, error: type[PolyaeError], message: str, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(description))
    with pytest.raises(error, match=f"net.json: .*{message}"):
        read_network(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_off_anywhere(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    write_network(network_from_dict({"layers": [HIDDEN, LAST]}), path)
    whole = path.read_bytes().rstrip()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=f"net{suffix}: .*(cut off|no whole safetensors)"):
            read_network(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("garbage", [b"\xff\xfe\x00garbage", b"[" * 100_000, b"\x08" + bytes(7) + b"notjson!"])
def test_garbage(suffix: str, garbage: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    path.write_bytes(garbage)
    with pytest.raises(FileFormatError, match=f"net{suffix}: "):
        read_network(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_files_and_folders(suffix: str, tmp_path: Path) -> None:
    network = Network([Layer([[1.0]], [0.0])])
    with pytest.raises(FileFormatError, match=rf"none\{suffix}: No such file"):
        read_network(tmp_path / f"none{suffix}")
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    with pytest.raises(FileFormatError, match=rf"folder\{suffix}"):
        read_network(folder)
    with pytest.raises(FileFormatError, match=rf"net\{suffix}.*No such file"):
        write_network(network, tmp_path / "none" / f"net{suffix}")


def test_other_endings(tmp_path: Path) -> None:
    network = Network([Layer([[1.0]], [0.0])])
    with pytest.raises(FileFormatError, match=r"net\.pt: .*ends in \.json or \.safetensors"):
        write_network(network, tmp_path / "net.pt")
    with pytest.raises(FileFormatError, match=r"net: .*ends in"):
        read_network(tmp_path / "net")


@pytest.mark.parametrize(
    ("tensors", "metadata", "error", "message"),
    [
        ({}, None, FileFormatError, "metadata lacks 'polyae.network'"),
        ({}, "{", FileFormatError, "'polyae.network' is not JSON"),
        ({}, "[]", FileFormatError, "one object"),
        ({}, '{"layers": [{}]}', FileFormatError, "layer 0 lacks the key 'weight'"),
        ({"layers.1.weight": np.eye(2)}, '{"layers": [{}]}', FileFormatError, "'layers.1.weight' belongs to no layer"),
        (
            {"layers.0.weight": np.ones((1, 2), bool), "layers.0.bias": np.zeros(1)},
            '{"layers": [{}]}',
            FileFormatError,
            "layer 0: weight must hold real numbers, got bool",
        ),
        (
            {"layers.0.weight": np.eye(2), "layers.0.bias": np.zeros(3)},
            '{"layers": [{}]}',
            ShapeError,
            "layer 0: bias has shape",
        ),
        (
            {"layers.0.weight": np.eye(2) * np.nan, "layers.0.bias": np.zeros(2)},
            '{"layers": [{}]}',
            NetworkError,
            "layer 0: weight holds nan",
        ),
    ],
)
def test_safetensors_that_are_no_network(
    tensors: dict[str, np.ndarray], metadata: str | None, error: type[PolyaeError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.safetensors"
    save_file(tensors, path, metadata=None if metadata is None else {"polyae.network": metadata})
    with pytest.raises(error, match=rf"net\.safetensors: .*{message}"):
        read_network(path)


def test_safetensors_of_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    weight = np.array([[0.1, 3.0]], dtype=np.float16)
    save_file(
        {"layers.0.weight": weight, "layers.0.bias": np.zeros(1, dtype=np.float32)},
        path,
        metadata={"polyae.network": '{"layers": [{"activation": "relu"}]}'},
    )
    network = read_network(path)
    assert np.array_equal(network.layers[0].weight, weight.astype(np.float64))
    assert network.num_units == 1
