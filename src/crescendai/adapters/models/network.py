"""Networks in ONNX files, run by OpenVINO on this machine's processor.

Nothing is sent and nothing is written: the parts of OpenVINO's package that tell its makers of
every import are not imported, and no cache of compiled networks is kept.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

ASK_EVERY_MS = 100
SIDE_BY_SIDE = min(4, os.cpu_count() or 1)  # runs of a small network
_opening = threading.Lock()


class Cancelled(Exception):
    """The caller's ``cancelled`` said yes."""


class Network:
    """A graph, compiled for this processor. Safe to share between threads.

    ``threads`` is how many cores one run may take, ``at_once`` how many runs go side by side; more
    wait their turn. ``narrow``: on a processor with AMX, multiply bfloat16 numbers (8 significant
    bits). Otherwise all arithmetic is that of the graph, on every processor.
    """

    def __init__(
        self, graph: Path, *, threads: int = 1, at_once: int = 1, narrow: bool = False
    ) -> None:
        narrow = narrow and has_amx()
        self._compiled = _core().compile_model(
            str(graph),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16" if narrow else "f32",
                "INFERENCE_NUM_THREADS": threads * at_once,
                "NUM_STREAMS": at_once,
                "ENABLE_CPU_PINNING": False,  # two processes would be pinned to the same cores
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,  # quantised is what the graph says
            },
        )
        self.inputs = frozenset(one.any_name for one in self._compiled.inputs)

    def request(self) -> Request:
        return Request(self._compiled.create_infer_request())


class Request:
    """Runs of a network one after the other, which share the memory of their outputs."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def run(
        self, inputs: Mapping[str, Array], cancelled: Callable[[], bool] | None = None
    ) -> list[Array]:
        """The graph's outputs, in its order; they are overwritten by the next run.

        ``cancelled`` is asked every 0.1 s; when it says yes, the network stops at its next
        operation and Cancelled is raised.
        """
        self.start(inputs)
        return self.finish(cancelled)

    def start(self, inputs: Mapping[str, Array]) -> None:
        """Begin a run, and leave the caller free until :meth:`finish`; no input may change."""
        self._request.start_async(dict(inputs), share_inputs=True)

    def finish(self, cancelled: Callable[[], bool] | None = None) -> list[Array]:
        while cancelled is not None and not self._request.wait_for(ASK_EVERY_MS):
            if cancelled():
                self._stop()
                raise Cancelled
        self._request.wait()
        return [np.asarray(tensor.data) for tensor in self._request.output_tensors]

    def _stop(self) -> None:
        self._request.cancel()
        with suppress(RuntimeError):  # that it was cancelled; one that had just ended raises none
            self._request.wait()


def has_amx() -> bool:
    """Whether bfloat16 products are fast here; AVX-512 has them too, slower than plain ones."""
    return _opened()[1]


def _core() -> Any:
    return _opened()[0]


def _opened() -> tuple[Any, bool]:
    with _opening:
        return _open()


@cache
def _open() -> tuple[Any, bool]:
    """OpenVINO's core, and whether there is AMX.

    Runs a network that does nothing: what the bindings make at their first run, they make under a
    lock of C++ that they hold while waiting for the interpreter's, so two threads in their first
    run would wait for each other for ever, and with them the whole process.
    """
    for reporter in ("openvino_telemetry", "openvino.tools.ovc"):
        sys.modules.setdefault(reporter, None)  # type: ignore[arg-type] # as if not installed
    import openvino  # slow to import, so not before a model is asked for

    core = openvino.Core()
    number = openvino.opset13.parameter([1], openvino.Type.f32, name="number")
    compiled = core.compile_model(openvino.Model([number], [number], "nothing"), "CPU")
    Request(compiled.create_infer_request()).run({"number": np.zeros(1, dtype=np.float32)})
    asked = "RUNTIME_REQUIREMENTS"  # names what the processor can; not every plugin has it
    known = asked in compiled.get_property("SUPPORTED_PROPERTIES")
    return core, known and "AMX with bfloat16" in compiled.get_property(asked)
