"""The checks of secrets and of known holes find what they are for."""

from __future__ import annotations

from pathlib import Path

from tools import audit
from tools.find_secrets import secrets_in

PRIVATE = "-----BEGIN RSA " + "PRIVATE KEY-----"
WORD = "correct-" + "horse-9"
TOKEN = "ghp_" + "a1B2" * 9


def test_secrets_are_found_and_not_shown(tmp_path: Path) -> None:
    leaky, clean = tmp_path / "leaky.py", tmp_path / "clean.py"
    leaky.write_text(f"A = 1\n{PRIVATE}\nTOKEN = '{TOKEN}'\npassword = '{WORD}'\n")
    clean.write_text("password = read_password()\napi_key = 'key'\n")
    found = secrets_in([leaky, clean])
    assert {line.removeprefix(f"{leaky}:") for line in found} >= {
        "2: Private Key",
        "3: GitHub Token",
        "4: Secret Keyword",
    }
    assert not [line for line in found if str(clean) in line or TOKEN in line]


def test_a_hole_is_told_and_silence_is_not_safety() -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2"]}
    report = {"dependencies": [{"name": "a", "version": "1", "vulns": [hole]}, {"name": "b"}]}
    assert audit.findings(report) == ["a 1: PYSEC-1, fixed in ['2']"]
    assert audit.answered(report) == 1
    assert audit.answered({"dependencies": [{"name": "b", "skip_reason": "not there"}]}) == 0
