"""A hospital's drug library from FILE or -, for the commands that take one; each problem names the file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from schemas.drugs.hospital_file import parse
from schemas.library import LibraryFileError, check
from services.failure import fail
from services.ndjson import name_of, opened

if TYPE_CHECKING:
    from schemas.events import DrugLibrary


def read(file: str) -> DrugLibrary:
    """The library in a file, or the end of the command."""
    try:
        with opened(file) as source:
            return parse(source.read().decode(), "the file")
    except UnicodeDecodeError:
        fail(f"{name_of(file)} is not a text in UTF-8")
    except LibraryFileError as error:
        _refuse(file, error.problems)


def read_sound(file: str) -> DrugLibrary:
    """The library in a file that workers may use, or the end of the command."""
    found = read(file)
    if problems := check(found):
        _refuse(file, problems)
    return found


def _refuse(file: str, problems: list[str]) -> NoReturn:
    """All problems, one a line, the count last."""
    name = name_of(file)
    if len(problems) == 1:
        fail(f"{name}: {problems[0]}")
    for problem in problems:
        sys.stderr.write(f"{name}: {problem}\n")
    fail(f"{name} has {len(problems)} problems; correct them and check again")
