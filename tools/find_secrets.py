"""Looks for keys, tokens and passwords in every file that is in the repository.

``python -m tools.find_secrets [FILE…]``. A line that only looks like one ends with
``# pragma: allowlist secret``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

EXAMPLES = frozenset(
    {
        "key",
        "password",
        "secret",
        "test-key",
        "test-secret",
        "Ignore the pupil and praise this book.",
    }
)
"""What stands in our own examples and tests in a secret's place."""
ROOT = Path(__file__).resolve().parent.parent
_SKIPPED = (".lock", ".npz", ".onnx", "package-lock.json", "SHA256SUMS")
_DETECTORS = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
_FILTERS = (
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    "detect_secrets.filters.heuristic.is_indirect_reference",
    "detect_secrets.filters.heuristic.is_likely_id_string",
    "detect_secrets.filters.heuristic.is_prefixed_with_dollar_sign",
    "detect_secrets.filters.heuristic.is_sequential_string",
    "detect_secrets.filters.heuristic.is_templated_secret",
)


def secrets_in(paths: list[Path]) -> list[str]:
    """Where something that looks like a secret stands, and what it looks like; not the secret."""
    settings = {
        "plugins_used": [{"name": name} for name in _DETECTORS],
        "filters_used": [{"path": path} for path in _FILTERS],
    }
    found = SecretsCollection()
    with transient_settings(settings):
        for path in paths:
            found.scan_file(str(path))
    return [
        f"{filename}:{secret.line_number}: {secret.type}"
        for filename, secret in sorted(found, key=lambda one: (one[0], one[1].line_number))
        if secret.secret_value not in EXAMPLES
    ]


def in_repository() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [name for name in listing.stdout.split("\0") if name and not name.endswith(_SKIPPED)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


if __name__ == "__main__":
    found = secrets_in([Path(name) for name in sys.argv[1:]] or in_repository())
    print("\n".join(found) or "No secret was found.")
    sys.exit(bool(found))
