"""The guide for subscribers says what is so: its programs compile, its names exist."""

import re
from typing import get_args

import pytest

from schemas import topics
from schemas.refusals import ErrorClass
from schemas.topics import SCHEMAS

GUIDE = (SCHEMAS / "README.md").read_text("utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def test_there_are_three_recipes_and_the_api():
    assert len(PROGRAMS) == 4


@pytest.mark.parametrize("program", PROGRAMS, ids=["api", "resume", "from the start", "a window of time"])
def test_program_compiles(program):
    compile(program, "README.md", "exec")


def test_examples_are_read_as_the_guide_says(capsys):
    """The lines on the API run as they stand."""
    exec(PROGRAMS[0], {})  # noqa: S102 (our own text)
    assert "missing-decimal-point 125.0 [Meant(value=12.5" in capsys.readouterr().out


def test_named_topics_exist():
    assert set(re.findall(r"pump\.[a-z-]+\.v1", GUIDE)) <= set(topics.list_topics())


def test_every_class_of_refusal_is_explained():
    assert all(f"`{name}`" in GUIDE for name in get_args(ErrorClass))
