"""Runs the reference transcriber (torch) in an environment of its own; started by bench.reference.

Reads one JSON object a line, ``{"samples": a .npy of mono float32 at 44,100 Hz, "out": an .npz}``,
and answers each with ``{"clock_sec", "cpu_sec"}`` of the transcription alone. Imports nothing of
the server, so that its environment needs torch and the package ``transkun`` only.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from tools.export_transkun import reference_model

SUSTAIN = -64


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    model = reference_model()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        samples = torch.from_numpy(np.load(order["samples"]))[:, None]
        clock, cpu = time.perf_counter(), time.process_time()
        events = model.transcribe(samples)
        spent = {"clock_sec": time.perf_counter() - clock, "cpu_sec": time.process_time() - cpu}
        notes = [(e.start, e.end, e.pitch, max(e.velocity, 1)) for e in events if e.pitch > 0]
        pedal = [(e.start, e.end) for e in events if e.pitch == SUSTAIN]
        np.savez(
            Path(order["out"]),
            notes=np.array(notes, np.float64).reshape(-1, 4),
            pedal=np.array(pedal, np.float64).reshape(-1, 2),
        )
        print(json.dumps(spent), flush=True)


if __name__ == "__main__":
    main()
