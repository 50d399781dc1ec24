"""`pumpwatch bench` hands over to the benchmarks of the checkout."""

import pytest

from services import bench_cli


def test_it_becomes_the_benchmarks(monkeypatch):
    """The process is replaced by them, in the checkout, with the option passed on."""
    became = []
    monkeypatch.setattr(bench_cli.os, "chdir", became.append)
    monkeypatch.setattr(bench_cli.os, "execv", lambda _program, arguments: became.append(arguments[1:]))
    bench_cli.bench(quick=True)
    assert became == [bench_cli.CHECKOUT, ["-m", "tests.bench", "--quick"]]


def test_without_a_checkout_it_says_where_they_are(monkeypatch, tmp_path, capsys):
    """An installed package has no benchmarks: one line, and no traceback."""
    monkeypatch.setattr(bench_cli, "CHECKOUT", tmp_path)
    with pytest.raises(SystemExit) as ended:
        bench_cli.bench()
    assert ended.value.code == 2
    assert "run `make bench` there" in capsys.readouterr().err
