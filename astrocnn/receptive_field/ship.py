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
    keys: dict[str, int] = {}
    tables: list[dict[str, Any]] = []
    for name in registry.names():
        network = registry.configure(name)
        for shape in network.usual_shapes:
            table = measure(network, shape).to_json()
            if table not in tables:
                tables.append(table)
            keys[table_key(network, shape)] = tables.index(table)
            log.info("%s %s", name, shape)
    # One table a line, so that a change of one network is a change of its lines.
    lines = ",\n".join(json.dumps(table, separators=(",", ":")) for table in tables)
    path.write_text(f'{{"keys": {json.dumps(keys, indent=0)},\n"tables": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ship()
