"""Measure the tables that travel with the package: `python -m astrocnn.receptive_field.ship`."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from astrocnn.networks import registry
from astrocnn.receptive_field.tables import SHIPPED, measure, table_key

log = logging.getLogger(__name__)


def ship(path: Path = SHIPPED) -> None:
    """Write the tables of every network of the zoo, at its paper's options, for its usual shapes."""
    tables: dict[str, Any] = {}
    for name in registry.names():
        network = registry.configure(name)
        for shape in network.usual_shapes:
            tables[table_key(network, shape)] = measure(network, shape).to_json()
            log.info("%s %s", name, shape)
    # One table a line, so that a change of one network is a change of its lines.
    lines = ",\n".join(f'"{key}": {json.dumps(table, separators=(",", ":"))}' for key, table in tables.items())
    path.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ship()
