"""Guards the `revision` of every stage: products are kept by it, so results must not change while it stays.

`golden.json` holds, by `use`, the revision and the digest of what the stage makes of the small sky. A digest that
differs under the same revision is a mistake in the stage, or a change whose revision was forgotten; a revision that
differs from the stored one asks for the digests to be written anew, by `python tests/stages/make_golden.py`.
"""

import json
import re
from pathlib import Path

import numpy as np
from golden_digests import digest_of

from astrocnn.pipeline.registry import stage_named

GOLDEN = Path(__file__).with_name("golden.json")
COMMAND = "python tests/stages/make_golden.py"
TRAINED_ON = "tensorflow"
"""Training draws its random numbers from the backend: what comes from a trained model is compared on this one alone."""


def read_golden():
    return json.loads(GOLDEN.read_text())


def write_golden(golden):
    """One line an entry, so that a change can be read."""
    text = json.dumps(golden, indent=1, sort_keys=True)
    lists_on_a_line = re.sub(r"\[[^\[\]{}]*\]", lambda found: json.dumps(json.loads(found[0])), text)
    GOLDEN.write_text(lists_on_a_line + "\n")


def changes(stored, digest):
    """What differs between a stored digest and one made now, a clause each."""
    found = []
    for name in sorted(stored["exact"].keys() | digest.exact.keys()):
        old, new = stored["exact"].get(name), digest.exact.get(name)
        if old != new:
            found.append(f"{name} {old} -> {new}")
    for name in sorted(stored["numbers"].keys() | digest.numbers.keys()):
        old, (new, within) = stored["numbers"].get(name), digest.numbers.get(name, (None, 0.0))
        if old is None or new is None or len(old) != len(new) or np.abs(np.subtract(new, old)).max() > within:
            found.append(f"{name} {old} -> {new}")
    return found


def complaints(golden, run, backend=TRAINED_ON):
    """By stage of a run, why it does not agree with the stored digests; stages that agree are left out."""
    told = {}
    for view in run:
        if backend == TRAINED_ON or not is_trained(run, view):
            complaint = _complaint(golden.get(view.use), view)
            sources = [name for name in _made_from(run, view) if name in told]
            if complaint and sources:
                complaint += f". Look at {sources[0]} first, which it is made from and which changed too"
            if complaint:
                told[view.name] = complaint
    return told


def _complaint(stored, view):
    revision = stage_named(view.use).revision
    if stored is None:
        return f"golden.json does not know {view.use}; run: {COMMAND}"
    if stored["revision"] != revision:
        return f"{view.use} has revision {revision}, golden.json holds {stored['revision']}; run: {COMMAND}"
    if found := changes(stored, digest_of(view)):
        file = f"astrocnn/stages/{view.use.replace('-', '_')}.py"
        return (
            f"{view.use} gives other results under revision {revision}: {'; '.join(found[:5])}. If that is meant, "
            f"raise `revision` in {file} to {revision + 1}, and run: {COMMAND}"
        )
    return None


def refreshed(golden, run):
    """Digests to store, and the uses that gave other results of the same sources under the same revision."""
    new, changed, unraised = {}, set(), []
    for view in run:
        digest, revision, stored = digest_of(view), stage_named(view.use).revision, golden.get(view.use)
        new[view.use] = {"revision": revision, **digest.to_json()}
        raised = stored is None or stored["revision"] != revision
        if raised or changes(stored, digest):
            if not raised and changed.isdisjoint(_made_from(run, view)):
                unraised.append(view.use)
            changed.add(view.name)
    return new, unraised


def is_trained(run, view):
    """Whether a product is a trained model or made from one."""
    return view.kind == "Model" or any(run[name].kind == "Model" for name in _made_from(run, view))


def _made_from(run, view):
    """Names of the stages that one was made from, in the order of the run."""
    above, waiting = set(), [*view.parents]
    while waiting:
        above.add(parent := waiting.pop())
        waiting += run[parent].parents
    return [other.name for other in run if other.name in above]
