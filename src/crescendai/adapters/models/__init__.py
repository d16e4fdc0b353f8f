"""Models behind the ports: on this machine with OpenVINO, or at an API."""
