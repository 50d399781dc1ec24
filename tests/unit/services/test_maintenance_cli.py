"""`pumpwatch maintenance`, without a broker."""

import pytest
from typer.testing import CliRunner

from services.maintenance_cli import app

PLAN = ("plan", "--hospital", "st-test", "--reason", "Keypad test", "--for", "2h", "--by", "lab")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--for", "soon"), "--for soon: give a length such as 90min, 3h or 2d"),
        (("--for", "40d"), "`ends_at`: a window ends within 30 days from now; plan it later"),
        (("--pump", "P1", "--care-area", "MICU"), "`care_area` and `pump`: name one of them"),
        (("--kind", "everything"), "--kind: there are dose_entry_error, "),
        (("--reason", "tab\there"), "`reason`: "),
    ],
)
def test_a_window_that_does_not_fit_is_refused_in_one_line(arguments, says):
    """Nothing is asked of Kafka for it."""
    refused = CliRunner().invoke(app, [*PLAN, *arguments])
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert says in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
