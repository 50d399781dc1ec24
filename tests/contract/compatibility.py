"""Whether a new version of a JSON Schema keeps the promise of its topic.

Inbound (BACKWARD_TRANSITIVE): what old publishers send is still accepted. Outbound (FORWARD_TRANSITIVE): what we
publish is still accepted by the schemas that old subscribers have. Either is the same question with the two versions
swapped: does `reader` accept all that `writer` allows?
"""

WIDER_IS_HIGHER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
WIDER_IS_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")


def broken(reader, writer):
    """Every place where `reader` refuses what `writer` allows, as far as the keywords we use can tell."""
    return list(_compare(reader, writer, reader, writer, "$"))


def _compare(reader, writer, reader_root, writer_root, path):
    reader, writer = _resolved(reader, reader_root), _resolved(writer, writer_root)
    yield from _compare_limits(reader, writer, path)
    if "enum" in reader:
        lost = [value for value in writer.get("enum", ["anything"]) if value not in reader["enum"]]
        yield from (f"{path}: {value} is no longer allowed" for value in lost)
    lost = _types(writer, writer_root) - _types(reader, reader_root)
    yield from (f"{path}: {kind} is no longer allowed" for kind in sorted(lost))
    yield from _compare_fields(reader, writer, reader_root, writer_root, path)
    for word in ("items", "additionalProperties"):
        if isinstance(reader.get(word), dict) and isinstance(writer.get(word), dict):
            yield from _compare(reader[word], writer[word], reader_root, writer_root, f"{path}[]")
    yield from _compare_alternatives(reader, writer, reader_root, writer_root, path)


def _compare_limits(reader, writer, path):
    for word in WIDER_IS_HIGHER:
        if word in reader and writer.get(word, float("inf")) > reader[word]:
            yield f"{path}: {word} {writer.get(word, 'none')} became {reader[word]}"
    for word in WIDER_IS_LOWER:
        if word in reader and writer.get(word, float("-inf")) < reader[word]:
            yield f"{path}: {word} {writer.get(word, 'none')} became {reader[word]}"
    for word in ("pattern", "not", "format"):
        if word in reader and reader[word] != writer.get(word):
            yield f"{path}: {word} is not what it was"


def _compare_fields(reader, writer, reader_root, writer_root, path):
    for name in reader.get("required", []):
        if name not in writer.get("required", []):
            yield f"{path}.{name}: is now required"
    for name, field in writer.get("properties", {}).items():
        known = reader.get("properties", {}).get(name)
        if known is not None:
            yield from _compare(known, field, reader_root, writer_root, f"{path}.{name}")
        elif reader.get("additionalProperties") is False:
            yield f"{path}.{name}: is no longer known"


def _compare_alternatives(reader, writer, reader_root, writer_root, path):
    """Of a nullable field the part that is not null."""
    parts = [
        next((part for part in side.get("anyOf", [side]) if part.get("type") != "null"), {})
        for side in (reader, writer)
    ]
    if parts != [reader, writer]:
        yield from _compare(parts[0], parts[1], reader_root, writer_root, path)


def _resolved(schema, root):
    if "$ref" in schema:
        return root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


def _types(schema, root):
    schema = _resolved(schema, root)
    if "anyOf" in schema:
        return set().union(*(_types(part, root) for part in schema["anyOf"]))
    if "type" not in schema:
        return {"string"} if "enum" in schema else set()
    return {"integer", "number"} if schema["type"] == "number" else {schema["type"]}
