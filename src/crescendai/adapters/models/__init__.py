"""Models behind the ports: on this machine with ONNX Runtime, or at an API."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before the first import of ONNX Runtime
