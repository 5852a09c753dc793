"""The scripts that show budgets measure what they say, run small."""

import json
from pathlib import Path

import ceilings
import pytest
import rates
import throttling
import weights


def test_agents_under_one_rate_are_counted_second_by_second(tmp_path: Path) -> None:
    target = tmp_path / "rates.json"
    rates.main(["--agents", "20", "--rate", "200", "--seconds", "1", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert len(found["handled"]) == len(found["cores"]) == len(found["seconds"]) == 1
    assert found["greatest"] - found["least"] <= 1
    assert sum(found["handled"]) > 0


def test_shares_by_weight_are_measured_as_often_as_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "weights.json"
    weights.main(["--seconds", "0.2", "--rounds", "2", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert {what: len(shares) for what, shares in found["shares"].items()} == {
        f"{weights}, {where}": 2 for weights in ("1:1", "2:1") for where in ("on the loop", "in processes")
    }
    assert all(0 < share < 1 for shares in found["shares"].values() for share in shares)
    assert "2:1" in capsys.readouterr().out


@pytest.mark.slow
def test_rates_of_cpu_are_held_on_the_loop_and_in_workers_by_whatever_there_is(tmp_path: Path) -> None:
    target = tmp_path / "throttling.json"
    throttling.main(["--seconds", "0.3", "--rounds", "1", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert found["rounds"][0]["way"] == "gate + samples"
    assert found["rounds"][-1]["way"].startswith("duty cycle")
    assert all(each["asks"] > 0 and each["held"] > 0 for each in found["rounds"])


@pytest.mark.slow
def test_a_worker_over_its_ceiling_is_brought_back_while_another_is_asked(tmp_path: Path) -> None:
    target = tmp_path / "ceilings.json"
    ceilings.main(["--times", "2", "--json", str(target)])
    found = json.loads(target.read_text(encoding="utf-8"))
    assert all((each["ends"], each["for_memory"], each["failed"]) == (2, 2, 0) for each in found["results"])
    assert all(each["asks"] > 0 for each in found["results"])
