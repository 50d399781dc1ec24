"""JSON Schema validators of the contract, with the one format it uses."""

from datetime import date
from functools import cache

from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_a_day(value):
    """The schema's pattern says all but whether the day exists."""
    return not isinstance(value, str) or date.fromisoformat(value[:10]) is not None


@cache
def validator(version):
    """The validator of a schema version of a topic."""
    return Draft202012Validator(version.json_schema(), format_checker=FORMATS)
