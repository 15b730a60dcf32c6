"""The formats of `protofix check`, and the module of this folder that makes each."""

from __future__ import annotations

from collections.abc import Mapping

BY_LINES: Mapping[str, str] = {"text": "text", "concise": "concise"}
"""Those for people, printed file by file; the module has `lines`, of a file, for a width."""

WHOLE: Mapping[str, str] = {
    "json": "as_json",
    "sarif": "sarif",
    "junit": "junit",
    "github": "github",
    "gitlab": "gitlab",
}
"""Those for programs, which are made of a whole run; the module has `report`."""

FORMATS = (*BY_LINES, *WHOLE)
