"""Docs that cannot drift: every setting, address, event, command and decision is written down."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.main

import crescendai
from crescendai.bootstrap.web import build_app
from crescendai.cli import app as cli
from crescendai.music.measurements import DEFINITIONS
from crescendai.settings import Settings, environment_name, read_settings
from crescendai.web.problems import STATUS_BY_KIND

ROOT = Path(crescendai.__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guides"


def rows(guide: str) -> list[str]:
    """The first cells of a guide's tables."""
    lines = (GUIDES / guide).read_text().splitlines()
    return [line.split("|")[1].strip() for line in lines if line.startswith("| `")]


def test_every_setting_is_documented_and_no_other() -> None:
    documented = {row.strip("`") for row in rows("settings.md")}
    assert documented == {environment_name(field) for field in Settings.model_fields}


def test_documented_defaults_are_the_real_ones() -> None:
    text = (GUIDES / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        default = re.search(rf"`{environment_name(name)}` \| `?([^`|]+)`? \|", text)
        assert default is not None, name
        real = str(field.default) if field.default not in (None, ()) else "none"
        assert default.group(1).strip() == real, name


def test_every_address_is_documented_and_no_other(tmp_path: Path) -> None:
    app = build_app(read_settings(data_dir=tmp_path, workers=0))
    offered = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    documented = {row.strip("`") for row in rows("http.md") if re.match(r"`[A-Z]+ /", row)}
    assert documented == offered


def test_every_measurement_is_documented_as_it_is() -> None:
    lines = (GUIDES / "measurements.md").read_text().splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    documented = {name.strip("`"): (unit, needs) for name, unit, needs, *_ in cells}
    assert documented == {key: (d.unit, d.needs) for key, d in DEFINITIONS.items()}


def test_every_command_is_documented() -> None:
    documented = {row.strip("`").split()[1] for row in rows("command-line.md")}
    group = typer.main.get_group(cli)
    assert documented == set(group.commands)


@pytest.mark.parametrize("command", sorted(typer.main.get_group(cli).commands))
def test_every_command_explains_itself(command: str) -> None:
    assert typer.main.get_group(cli).commands[command].get_short_help_str()


def test_every_event_of_a_stream_is_documented() -> None:
    text = (GUIDES / "http.md").read_text()
    for source in (ROOT / "src" / "crescendai").rglob("*.py"):
        for name in re.findall(r'event="([a-z_]+)"', source.read_text()):
            assert f"| `{name}` |" in text, (source.name, name)


def test_every_status_is_documented() -> None:
    text = (GUIDES / "http.md").read_text()
    for status in set(STATUS_BY_KIND.values()):
        assert f"\n| {status} |" in text


def test_every_room_is_on_the_map() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    package = ROOT / "src" / "crescendai"
    rooms = [path.name for path in package.iterdir() if (path / "__init__.py").exists()]
    for room in rooms:
        assert room in text, room


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_readme_opens_with_the_two_commands() -> None:
    opening = (ROOT / "README.md").read_text()[:900]
    assert "make serve" in opening
    assert "make test" in opening
    for link in re.findall(r"\]\(((?!https?:)[^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / link).exists(), link


def test_the_changelog_knows_the_version_or_what_is_unreleased() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert "## Unreleased" in text or f"## {crescendai.__version__}" in text


def test_importing_the_package_opens_nothing() -> None:
    """Neither the package nor any storey below bootstrap pulls in a model, client or database."""
    program = (
        "import sys, crescendai, crescendai.cli; "
        "heavy = {'openvino', 'sqlalchemy', 'dbos', 'obstore', 'av', 'aiohttp'}; "
        "loaded = heavy & set(sys.modules); "
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_lock_names_no_host_and_holds_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    for dependency in project["project"]["dependencies"]:
        name = re.split(r"[\[>=<]", dependency)[0]
        assert re.search(rf"^{re.escape(name)}(\[[a-z,]+\])?==", lock, re.MULTILINE), name
    assert '"resolved"' not in (ROOT / "web" / "package-lock.json").read_text()


def test_no_big_file_but_weights_with_a_card() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if path.exists() and path.stat().st_size > 1_500_000:
            assert (path.parent / "MODEL_CARD.md").exists(), name
