from pathlib import Path

import pytest

STAGES = Path(__file__).with_name("toy_stages.py")


@pytest.fixture
def toy(tmp_path) -> Path:
    """A pipeline file of toy stages."""
    file = tmp_path / "toy.yaml"
    file.write_text(f"""
version: 1
name: toy
seed: 1
plugins: [{STAGES}]
inputs: {{extra: null}}
stages:
  numbers: {{use: toy-numbers, extra: "${{inputs.extra}}"}}
  total: {{use: toy-sum, numbers: numbers}}
""")
    return file
