"""Every table, since a row may refer to one of another slice."""

from __future__ import annotations

import crescendai.chat.tables
import crescendai.feedback.tables
import crescendai.identity.tables
import crescendai.jobs.tables
import crescendai.knowledge.tables
import crescendai.recordings.tables
import crescendai.repeats.tables
import crescendai.sharing.tables
import crescendai.usage.tables  # noqa: F401
from crescendai.kit.sql import Base

SCHEMA = Base.metadata
