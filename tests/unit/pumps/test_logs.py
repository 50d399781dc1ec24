"""Three formats of infusion logs, told apart by their columns; what cannot be used is counted by reason."""

import gzip
import json

import pytest

from services.pumps.logs import Log
from services.pumps.tables import LogError

OWN = "hospital,care_area,pump,at,drug,unit,value\n"
EICU = "hospital,unit_type,stay,offset_min,drug,unit,rate,infusion_rate_ml_h,drug_amount_mg,volume_ml,weight_kg\n"
MIMIC3 = "care_unit,stay,start,end,drug,unit,rate,entered_rate\n"


@pytest.fixture
def write(tmp_path):
    def write(text, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def test_a_row_of_ones_own(write):
    text = (
        "hospital,care_area,pump,at,drug,unit,value,previous,channel,field,model,concentration\n"
        "St Mary,ICU 2,A-17,2026-11-23T07:00:00.250+01:00,Heparin,units/hr,1200,1000,3,dose,Alaris 8015,100\n"
    )
    (entry,) = Log(write(text)).entries
    assert entry == (
        2, "St Mary", "ICU 2", "A-17", 1795413600250, "Heparin", "units/h", 1200.0, "dose", 1000.0, 3, "Alaris 8015",
        100.0, None,
    )  # fmt: skip


def test_an_eicu_row(write):
    """The stay's own time starts before admission; the bag gives the concentration."""
    (entry,) = Log(write(EICU + "144,MICU,7,-30,Insulin,units/hr,.5,2,100,50,54\n")).entries
    assert (entry.hospital, entry.care_area, entry.place, entry.at_ms) == ("eicu-144", "MICU", "7", -1_800_000)
    assert (entry.unit, entry.value, entry.field, entry.concentration) == ("units/h", 0.5, "dose", 2.0)


def test_a_mimic_row(write):
    """What was entered counts, not the rate that was recomputed; the row says how long it ran."""
    text = MIMIC3 + "MICU,9,2121-12-07 20:50:00,2121-12-07 21:50:00,NaCl 0.9%,mL/hour,10.0000002,10\n"
    (entry,) = Log(write(text)).entries
    assert (entry.hospital, entry.value, entry.unit, entry.field) == ("mimic3", 10.0, "mL/h", "rate")
    assert entry.lasts_ms == 3_600_000


def test_gzip_and_ndjson_are_read_too(write):
    row = {"hospital": "H", "care_area": "ICU", "pump": "P", "at": "2026-11-23T07:00:00Z", "drug": "D", "unit": "mL/h"}
    lines = "\n".join(json.dumps(row | {"value": value}) for value in (5, 7.5))
    for text in (lines, gzip.compress(lines.encode())):
        log = Log(write(text))
        assert (log.kind, log.rows, [entry.value for entry in log.entries]) == ("own", 2, [5.0, 7.5])


def test_rows_without_a_usable_number_are_counted_by_reason(write):
    rows = ["", "ERROR", "-1", "nan", "10000001", "0", "12"]
    log = Log(write(EICU + "".join(f"1,MICU,1,0,Heparin,units/hr,{rate},,,,\n" for rate in rows)))
    assert [entry.value for entry in log.entries] == [0.0, 12.0]
    assert log.left_out == {"no number": 1, "not a number": 2, "negative": 1, "above 10,000,000": 1}
    assert log.rows == 7


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("H,ICU,P,2026-11-23T07:00:00,D,mL/h,5", "time without a zone"),
        ("H,ICU,P,soon,D,mL/h,5", "no time"),
        ("H,ICU,,2026-11-23T07:00:00Z,D,mL/h,5", "no pump"),
        ("H,ICU,P,2026-11-23T07:00:00Z,,mL/h,5", "no drug"),
        ("H,ICU,P,2026-11-23T07:00:00Z,a\x07b,mL/h,5", "drug with a control character"),
    ],
)
def test_what_else_makes_a_row_unusable(write, row, reason):
    log = Log(write(OWN + row + "\n"))
    assert log.left_out == {reason: 1}
    assert not log.entries


def test_a_unit_is_never_guessed(write):
    """No unit stays unknown, an odd one stays as charted; both rows count."""
    log = Log(write(EICU + "1,MICU,1,0,Heparin,,5,,,,\n1,MICU,1,0,Heparin,Drops/Sec,5,,,,\n"))
    assert [entry.unit for entry in log.entries] == ["unknown", "drops/sec"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("a,b\n1,2\n", "no column `hospital`"),
        ("hospital,care_area,pump,at,drug,unit\n", "no column `value`"),
        ("hospital,unit_type,stay,offset_min,drug,unit\n", "no column `rate`"),
        (b"\xff\xfe\x00", "byte 0 is not UTF-8"),
        (gzip.compress(b"x" * 1000, mtime=0)[:20], "the gzip file is cut off"),
        ('{"hospital": 1}\nnonsense\n', "line 2 is not JSON"),
        ('{"hospital": 1}\n[1]\n', "line 2 is not a JSON object"),
    ],
)
def test_what_is_no_log_is_refused_in_one_line(write, text, message):
    with pytest.raises(LogError, match=message) as refused:
        Log(write(text))
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(LogError, match="No such file"):
        Log(str(tmp_path / "nothing.csv"))


def test_the_real_logs_are_recognised(real_logs):
    """Rows as the data sets' README counts them; 69 of eICU's have no number."""
    mimic3, eicu = Log(str(real_logs["mimic3"])), Log(str(real_logs["eicu"]))
    assert (mimic3.kind, mimic3.rows, len(mimic3.entries), mimic3.left_out) == ("mimic3", 7335, 7335, {})
    assert (eicu.kind, eicu.rows, len(eicu.entries)) == ("eicu", 19_519, 19_450)
    assert eicu.left_out == {"no number": 52, "not a number": 17}
    assert len({entry.hospital for entry in eicu.entries}) == 56
