"""Where the kernel cannot confine the children, the server says so and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from crescendai import commands
from crescendai.adapters import confinement
from crescendai.settings import read_settings
from tests.fixtures.in_process import in_process


async def test_a_start_without_confinement_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "missing", lambda: ["Landlock"])
    with structlog.testing.capture_logs() as logged:
        async with in_process(tmp_path / "data") as client:
            assert (await client.get("/api/health")).status_code == 200
    told = [entry for entry in logged if entry["event"] == "confinement.missing"]
    assert [(entry["lacking"], entry["log_level"]) for entry in told] == [(["Landlock"], "warning")]


async def test_the_doctor_marks_it_as_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "missing", lambda: ["seccomp"])
    parts = await commands.examine(read_settings(data_dir=tmp_path / "data", workers=0))
    assert parts["confinement"].status == "down"
    assert "seccomp" in (parts["confinement"].detail or "")
