"""OpenVINO as the server uses it, on the shipped graphs and on one that is written here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crescendai.adapters.models.minilm import TRAINED
from crescendai.adapters.models.network import Cancelled, Network, has_amx
from crescendai.adapters.models.transkun import WEIGHTS_DIR
from tests.adapters.models.onnx_folders import cross_encoder_folder

CPU_INFO = Path("/proc/cpuinfo")

_OPENS_A_NETWORK = """
import socket, sys
from pathlib import Path

def refused(*_):
    raise SystemExit("something wanted an address")

socket.getaddrinfo = socket.socket.connect = refused
from crescendai.adapters.models.network import Network
Network(Path(sys.argv[1]), threads=1)
import threading
print([one.name for one in threading.enumerate()], sys.modules["openvino_telemetry"])
"""

_MANY_RUN_FIRST = """
import sys, threading
import numpy as np
from pathlib import Path
from crescendai.adapters.models.network import Network

network = Network(Path(sys.argv[1]), at_once=4)
ready = threading.Barrier(16)
sys.setswitchinterval(1e-6)

def first() -> None:
    request, ids = network.request(), np.ones((1, 8), dtype=np.int64)
    ready.wait()
    request.run(dict.fromkeys(network.inputs, ids))

threads = [threading.Thread(target=first, daemon=True) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def heads() -> Network:
    return Network(WEIGHTS_DIR / "heads.onnx")


def inputs(count: int) -> dict[str, np.ndarray]:
    at = np.arange(count)
    hidden = np.random.default_rng(0).normal(size=(90, 88, 256)).astype(np.float32)
    return {"hidden": hidden, "track": at, "begin": at, "end": at + 3}


def test_opening_one_tells_nobody_and_writes_nothing(tmp_path: Path) -> None:
    """OpenVINO's package reports every import to its makers, unless it is kept from that."""
    done = subprocess.run(
        [sys.executable, "-c", _OPENS_A_NETWORK, str(WEIGHTS_DIR / "heads.onnx")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
    )
    assert (done.stdout.strip(), done.stderr) == ("['MainThread'] None", "")
    assert list(tmp_path.iterdir()) == []


def test_threads_whose_first_runs_coincide_do_not_wait_for_each_other() -> None:
    """Without care, two of three processes stop for ever in OpenVINO's bindings."""
    command = [sys.executable, "-c", _MANY_RUN_FIRST, str(TRAINED)]
    for _ in range(4):
        subprocess.run(command, env={"PYTHONPATH": ":".join(sys.path)}, timeout=30, check=True)


@pytest.mark.skipif(not CPU_INFO.exists(), reason="only Linux tells what the processor has")
def test_narrow_numbers_are_taken_where_the_processor_has_amx() -> None:
    assert has_amx() == ("amx_bf16" in CPU_INFO.read_text())


def test_any_number_of_rows_is_taken_also_none() -> None:
    request = heads().request()
    for count in (3, 0, 50):
        velocity, *_ = request.run(inputs(count))
        assert velocity.shape == (count, 128)


def test_requests_do_not_share_their_outputs() -> None:
    network = heads()
    (first, *_), kept = (out := network.request().run(inputs(9))), out[0].copy()
    network.request().run({**inputs(9), "begin": np.zeros(9, np.int64)})
    np.testing.assert_array_equal(first, kept)


def test_a_run_ends_soon_after_it_is_cancelled_and_the_next_is_whole() -> None:
    request = Network(WEIGHTS_DIR / "transformer.onnx", narrow=True).request()
    tokens = {"tokens": np.ones((88, 58, 256), np.float32)}
    with pytest.raises(Cancelled):
        request.run(tokens, lambda: True)
    assert np.isfinite(request.run(tokens, lambda: False)[-1]).all()


def test_the_graphs_own_names_are_the_inputs(tmp_path: Path) -> None:
    folder = cross_encoder_folder(tmp_path / "r")
    assert Network(folder / "onnx" / "model.onnx").inputs == {"input_ids", "attention_mask"}
