"""Level 1: the engine and the services in one process, over dictionaries."""

from dossier.access.matrix import MatrixPack
from tests.fakes.clear_sealer import ClearSealer
from tests.fakes.server_room import DOCTOR, NURSE, SECRETARY
from tests.simulation.desktops import WatchedDisk, WatchedStore
from tests.simulation.ports import Level
from tests.simulation.remembered import remembered
from tests.simulation.scene import DOC_ALL, DOC_DOCTORS
from tests.simulation.server_side import InProcessServer, make_room

SMALL_PACK = f"""
version = "simulation"
valid_from = "2026-11-01"
text = "Two professions and a secretary: the mechanism, at a tenth of the rows."
source_sha256 = "{"0" * 64}"
unlisted = "doctor"
clinical = "care"
[professions]
{DOCTOR} = "Médecin"
{NURSE} = "Infirmier"
[secretaries]
{SECRETARY} = "Secrétaire médicale"
[classes.care]
read = ["{DOCTOR}", "{NURSE}"]
types = ["{DOC_ALL}"]
[classes.doctor]
read = ["{DOCTOR}"]
types = ["{DOC_DOCTORS}"]
"""


def level_one(*, sealed: bool = False) -> Level:
    """A fresh level, over which a scene is built. `sealed`: under real keys, which costs."""
    pack = MatrixPack.parse(SMALL_PACK)
    room = make_room(seed=7, sealer=None if sealed else ClearSealer(), pack=pack, fit=remembered)
    return Level(InProcessServer(room), WatchedDisk(), WatchedStore)
