"""The command line as people call it: one sentence and exit code 1, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from crescendai import commands
from crescendai.errors import InvalidInput, NotFound
from crescendai.settings import read_settings
from tests.fixtures.command_line import command


def crescendai(
    folder: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CRESCENDAI_")}
    return subprocess.run(
        [sys.executable, "-m", "crescendai", *arguments],
        env=kept | {"CRESCENDAI_DATA_DIR": str(folder / "data")} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], expected: str) -> None:
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stderr.strip().startswith("Error: ")
    assert expected in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("analyze", "[/missing].wav"), "There is no file [/missing].wav."),
        (("analyze", "."), "There is no file ."),
        (("worker", "--slot", "../elsewhere"), "--slot"),
        (("serve", "--port", "99999"), "CRESCENDAI_PORT"),
        (("serve", "--host", "0.0.0.0"), "CRESCENDAI_HOST"),
    ],
)
def test_a_wrong_argument(tmp_path: Path, arguments: tuple[str, ...], expected: str) -> None:
    assert_one_sentence(crescendai(tmp_path, *arguments), expected)


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"")
    assert_one_sentence(crescendai(tmp_path, "migrate"), "CRESCENDAI_DATA_DIR")


@pytest.mark.parametrize("arguments", [("migrate",), ("serve", "--port", "0")])
def test_a_damaged_database(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "crescendai.db").write_bytes(b"this is no database " * 500)
    assert_one_sentence(crescendai(tmp_path, *arguments), "crescendai.db cannot be used")


def test_settings_in_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    assert_one_sentence(crescendai(tmp_path, "migrate"), ".env")


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = crescendai(tmp_path, "serve", "--port", str(port))
    assert_one_sentence(result, f"port {port}: Address already in use.")
    assert not (tmp_path / "data").exists()


async def test_the_library_from_first_to_last(tmp_path: Path) -> None:
    """The commands with the real models and a worker; then one as people call it."""
    notes = tmp_path / "notes" / "deep"
    notes.mkdir(parents=True)
    (notes / "pedal.md").write_text("# Pedal\n\nChange the pedal with the harmony of the bass.")
    (notes / "trill.txt").write_text("Practise the trill slowly with two fingers.")
    settings = read_settings(data_dir=tmp_path / "data", log_level="error")
    pattern = tmp_path / "notes" / "**" / "*.*"
    paths = [pattern, tmp_path / "notes", notes / "pedal.md"]  # each file is meant once
    added = await commands.ingest_files(settings, paths, _quietly)
    assert [one.document.status for one in added if one.document] == ["ready", "ready"]

    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        '{"query": "When is the pedal changed?", "gold": [{"quote": "pedal with the harmony"}]}\n'
        '{"query": "Is it raining?", "gold": [{"quote": "It rains in Paris today"}]}\n'
        '{"query": "Has it no answer?", "gold": []}\n'
    )
    asked = await commands.evaluate(settings, questions, _quietly)
    assert (asked.questions, asked.at) == (2, {1: 0.5, 3: 0.5, 10: 0.5})
    level = await commands.reindex(settings, _quietly)
    assert (level.serving, level.percent) == (level.wanted, 100)

    [removed] = await commands.remove_documents(settings, ["pedal.md"])
    assert removed.title == "Pedal"
    with pytest.raises(NotFound, match=r"no document of yours called pedal\.md"):
        await commands.remove_documents(settings, ["trill.txt", "pedal.md"])
    questions.write_text("{}")
    with pytest.raises(InvalidInput, match=r"Line 1 of questions\.jsonl"):
        await commands.evaluate(settings, questions, _quietly)
    listed = crescendai(tmp_path, "library", "list", "--json")
    assert [one["filename"] for one in json.loads(listed.stdout)] == ["trill.txt"]


def _quietly(_stage: str, _percent: int) -> None:
    pass


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CRESCENDAI_PROT": "1"}, "PROT is not a setting; did you mean CRESCENDAI_PORT"),
        ({"CRESCENDAI_JWT_ISSUER": "https://id.example"}, "CRESCENDAI_AUTH=required"),
        ({"CRESCENDAI_JWT_JWKS_URL": "https://id.example/keys"}, "no CRESCENDAI_JWT_ISSUER"),
        (
            {"CRESCENDAI_AUTH": "required", "CRESCENDAI_JWT_ISSUER": "http://id.example"},
            "must begin with https://",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_would_not_do_what_was_meant(
    tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    assert_one_sentence(command(tmp_path, "migrate", **variables), expected)


def test_a_variable_that_is_no_setting_is_named_in_the_log(tmp_path: Path) -> None:
    result = crescendai(tmp_path, "migrate", CRESCENDAI_FAVOURITE_COLOUR="blue")
    assert result.returncode == 0
    assert "CRESCENDAI_FAVOURITE_COLOUR" in result.stderr
    assert "blue" not in result.stderr
