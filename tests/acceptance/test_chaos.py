"""The short campaign of faults: every kind of them once, and every job accounted for."""

import json
import subprocess
import sys
from pathlib import Path

from scripts.lab.chaos.campaign import SCENARIOS

ROOT = Path(__file__).parents[2]


def test_the_short_campaign_loses_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "scripts.lab.chaos", "--short", "--json", str(report)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert {scenario["name"] for scenario in found["scenarios"]} == set(SCENARIOS)
    assert sum(scenario["faulty"]["kills"] for scenario in found["scenarios"]) >= 15
    for scenario in found["scenarios"]:
        assert scenario["broken"] == []
        assert scenario["faulty"]["accepted"] >= 100
