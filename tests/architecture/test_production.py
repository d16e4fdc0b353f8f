"""What the compose file says agrees with what the server knows."""

from __future__ import annotations

import re
from pathlib import Path

from crescendai.settings import Settings, environment_name

ROOT = Path(__file__).resolve().parents[2]


def test_the_compose_file_names_settings_that_exist() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    names = set(re.findall(r"^    (CRESCENDAI_\w+|ENVIRONMENT):", compose, re.M))
    assert len(names) > 10
    assert names <= {environment_name(field) for field in Settings.model_fields}
    for service in ("api", "worker"):
        assert re.search(rf"^  {service}:.*?replicas: 2", compose, re.M | re.S)


def test_every_secret_of_the_compose_file_is_in_the_guide() -> None:
    compose = (ROOT / "compose.yaml").read_text()
    guide = (ROOT / "docs" / "guides" / "production.md").read_text()
    secrets = set(re.findall(r"\$\{(\w+):\?\}", compose))
    assert secrets
    assert all(re.search(rf"^{name}=", guide, re.M) for name in secrets)
