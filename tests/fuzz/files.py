"""What Schemathesis sends as a file: real ones of the folder FUZZ_FILES, and any bytes at all."""

from __future__ import annotations

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

_REAL = [path.read_bytes() for path in sorted(Path(os.environ["FUZZ_FILES"]).iterdir())]
schemathesis.openapi.format(
    "binary", st.one_of(st.sampled_from(_REAL), st.sampled_from(_REAL), st.binary())
)
