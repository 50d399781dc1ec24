"""The folder of a run, and files that hold a secret."""

import stat

import pytest

from services.embedded.run_folder import KEPT_RUNS, run_folder
from services.embedded.session import write_private


def test_a_run_has_a_folder_only_its_user_can_read(tmp_path):
    """Logs and secrets of a run are nobody else's, and stay after the run for whoever looks for a cause."""
    with run_folder(tmp_path / "pumpwatch") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "log").write_text("kept")
    assert (folder / "log").read_text() == "kept"


def test_old_runs_are_removed_but_never_one_that_lasts(tmp_path):
    """Only the latest runs are kept; a run that still holds its folder keeps it however old it is."""
    for number in range(10):
        (tmp_path / f"up-20200101-00000{number}-x").mkdir()
        (tmp_path / f"up-20200101-00000{number}-x" / "lock").touch()
    with run_folder(tmp_path) as first:
        first.rename(tmp_path / "up-19990101-000000-x")
        with run_folder(tmp_path):
            left = sorted(path.name for path in tmp_path.iterdir())
    assert left[0] == "up-19990101-000000-x"
    assert len(left) == 1 + KEPT_RUNS


def test_a_private_file_appears_whole_and_unreadable_for_others(tmp_path):
    """The ready file holds a password: mode 0600 from its first moment, also when it replaces an open one."""
    ready = tmp_path / "ready.json"
    ready.write_text("old")
    ready.chmod(0o644)
    write_private(ready, '{"board": "http://127.0.0.1:1"}')
    assert ready.read_text() == '{"board": "http://127.0.0.1:1"}'
    assert stat.S_IMODE(ready.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_a_private_file_never_follows_a_link_left_in_its_way(tmp_path):
    """A link at the temporary name is removed, not written through."""
    import os

    other = tmp_path / "other"
    (tmp_path / f".ready.json.{os.getpid()}").symlink_to(other)
    write_private(tmp_path / "ready.json", "secret")
    assert not other.exists()
    with pytest.raises(FileNotFoundError):
        write_private(tmp_path / "nowhere" / "ready.json", "secret")
