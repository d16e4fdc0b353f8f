"""Models behind the ports: on this machine with ONNX Runtime, or at an API."""
