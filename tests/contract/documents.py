"""Hypothesis strategies: documents that fit a typed event, and documents with one thing changed in them.

They are made from the Structs alone, so that what a JSON Schema forgets or adds shows.
"""

import copy
import string

from hypothesis import strategies as st
from msgspec import inspect

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=20)
NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12)
TIMES = st.datetimes().map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z")
ANY_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
)
# What publishers get wrong, and what stands just inside and just outside of a limit.
AWKWARD_NUMBERS = [
    -1,
    -0.0,
    0,
    0.5,
    1.0,
    1.5,
    65,
    100.0,
    100.5,
    3e2,
    2**53 - 1,
    2**53,
    2.0**60,
    10**25,
    10_000_000,
    1e7 + 1,
]
AWKWARD_NUMBERS += [86_400_000, 86_400_001, 1e300, 5e-324]
AWKWARD_TEXTS = [
    "",
    "x" * 64,
    "x" * 65,
    "x" * 128,
    "x" * 129,
    "x" * 501,
    "\U0001f489" * 64,
    "\U0001f489" * 65,
    " ",
    "é",
]
AWKWARD_TEXTS += [
    "a\x00b",
    "a\nb",
    "a\tb",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "b\u2067",
    "\ufeff",
    "a\n",
    "true",
    "1",
    "rate",
]
AWKWARD_TIMES = [
    "2026-11-23T17:04:05Z", "2026-11-23T17:04:05.1Z", "2026-11-23T17:04:05.123456789Z", "2026-11-23t17:04:05z",
    "2026-11-23 17:04:05Z", "2026-11-23T17:04:05+00:00", "2026-11-23T17:04:05-00:00", "2026-11-23T17:04:05+0000",
    "2026-11-23T17:04:05+01:00", "2026-11-23T17:04:05", "2026-11-23", "2026-11-23T17:04Z", "2026-11-23T24:00:00Z",
    "2026-11-23T23:59:60Z", "2026-02-30T00:00:00Z", "2024-02-29T00:00:00Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-11-23T17:04:05.Z", "2026-11-23T17:04:05Z\n",
    "-2026-11-23T17:04:05Z", "+12026-11-23T17:04:05Z", "20261123T170405Z", "2026-W48-1T17:04:05Z", "now",
]  # fmt: skip
AWKWARD = st.sampled_from([*AWKWARD_NUMBERS, *AWKWARD_TEXTS, *AWKWARD_TIMES, None, True, False, [], {}])


def documents(kind):
    """Documents that fit `kind`."""
    return _values(inspect.type_info(kind))


def _values(wanted):  # noqa: PLR0911 (one for each type)
    match wanted:
        case inspect.Metadata():
            return _values(wanted.type)
        case inspect.UnionType():
            return st.one_of(*map(_values, wanted.types))
        case inspect.StructType():
            required = {field.encode_name: _values(field.type) for field in wanted.fields if field.required}
            optional = {field.encode_name: _values(field.type) for field in wanted.fields if not field.required}
            return st.fixed_dictionaries(required, optional=optional)
        case inspect.ListType():
            longest = min(3, wanted.max_length or 3)
            return st.lists(_values(wanted.item_type), min_size=wanted.min_length or 0, max_size=longest)
        case inspect.TupleType():
            return st.tuples(*map(_values, wanted.item_types)).map(list)
        case inspect.DictType():
            return st.dictionaries(NAMES, _values(wanted.value_type), max_size=2)
        case inspect.StrType():
            least, most = wanted.min_length or 0, wanted.max_length or 20
            return TEXT.filter(lambda text: least <= len(text) <= most)
        case inspect.IntType():
            return st.integers(wanted.ge if wanted.ge is not None else -(2**53), wanted.le or 2**53)
        case inspect.FloatType():
            low = wanted.ge if wanted.ge is not None else wanted.gt
            above = wanted.gt is not None
            return st.floats(low, wanted.le, exclude_min=above) | st.integers(int(low) + above, int(wanted.le))
    plain = {
        inspect.LiteralType: lambda: st.sampled_from(wanted.values),
        inspect.DateTimeType: lambda: TIMES,
        inspect.BoolType: st.booleans,
        inspect.NoneType: st.none,
    }
    return plain[type(wanted)]()


@st.composite
def changed(draw, kind):
    """A document that fits `kind` but for one change somewhere in it, which may or may not matter."""
    document = copy.deepcopy(draw(documents(kind)))
    holder, place = draw(st.sampled_from(list(_places(document))))
    change = draw(st.sampled_from(["awkward", "awkward", "any", "drop", "rename", "add"]))
    if change == "awkward":
        holder[place] = draw(AWKWARD)
    elif change == "any":
        holder[place] = draw(ANY_VALUE)
    elif change == "drop":
        del holder[place]
    elif isinstance(holder, list):
        holder.insert(place, draw(ANY_VALUE))
    elif change == "rename":
        holder[draw(NAMES) if draw(st.booleans()) else place.upper()] = holder.pop(place)
    else:
        holder[draw(NAMES)] = draw(ANY_VALUE)
    return document


def _places(document):
    """Every object or list in a document with each of its keys or indices."""
    for place, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield document, place
        if isinstance(value, dict | list):
            yield from _places(value)
