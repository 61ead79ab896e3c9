"""The files of weights that there are: one table, and what is known of each file.

All of them lie in one record on Zenodo, but for the one that comes with the package. A checksum, a
size, or an iteration that is not known is None, never guessed. The settings of the front-end belong
to the network: they are `models.NETWORKS[name].published`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..names import closest

RECORD = 3987831
"""Number of the record on Zenodo."""

ADDRESS = f"https://zenodo.org/record/{RECORD}/files"
"""Where the files of the record are."""

LICENCE = "CC BY 4.0"
"""Licence of the weights: any use, also commercial, with attribution."""

CITATION = (
    "Q. Kong, Y. Cao, T. Iqbal, Y. Wang, W. Wang, M. D. Plumbley: PANNs: Large-Scale Pretrained "
    "Audio Neural Networks for Audio Pattern Recognition. IEEE/ACM Transactions on Audio, Speech, "
    "and Language Processing 28 (2020), 2880-2894."
)
"""Whom to name when the weights are used."""


@dataclass(frozen=True)
class Checkpoint:
    """One file of weights, published or in the package.

    Attributes:
        name: the network that the weights are of.
        mean_average_precision: published mAP on the evaluation set of AudioSet, in [0, 1].
        size: length of the file in bytes.
        md5: checksum, 32 hexadecimal digits.
        sha256: checksum, 64 hexadecimal digits.
        iteration: step of the training at which it was saved.
        has_sampler: whether the state of the training's sampler lies in the file too.
        other_files: further names under which the file is found on disk.
        address: folder on the network that holds the file.
        packaged: whether the file comes with the package, and not from the network.
    """

    name: str
    mean_average_precision: float | None
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None
    iteration: int | None = None
    has_sampler: bool | None = None
    other_files: tuple[str, ...] = ()
    address: str = ADDRESS
    packaged: bool = False

    @property
    def file(self) -> str:
        """Published name of the file."""
        if self.mean_average_precision is None:
            return f"{self.name}.pth"
        return f"{self.name}_mAP={self.mean_average_precision:.3f}.pth"

    @property
    def url(self) -> str:
        """Published address of the file."""
        return f"{self.address}/{quote(self.file)}?download=1"

    @property
    def has_checksum(self) -> bool:
        """Whether the content of the file can be verified."""
        return (self.md5 or self.sha256) is not None

    def __str__(self) -> str:
        size = "size not known" if self.size is None else f"{self.size:,} bytes"
        return f"{self.file} ({size}, md5 {self.md5 or 'not known'})"


_ROWS = (
    Checkpoint(
        "PannsMini", None, 3_279_905, "866ba6197fa9b3b4f02e847874df3427",
        "c7c3f4c2b9a2ae1111f43fe355f1c886aea351975212e51cfa1979e037a9f51e", packaged=True,
    ),
    Checkpoint("Cnn6", 0.343, None, "e25e26b84585b14c7754c91e48efc9be"),
    Checkpoint("Cnn10", 0.380, None, "bfb1f1f9968938fa8ef4012b8471f5f6"),
    Checkpoint(
        "Cnn14", 0.431, 327_428_481, "541141fa2ee191a88f24a3219fff024e",
        "0dc499e40e9761ef5ea061ffc77697697f277f6a960894903df3ada000e34b31", has_sampler=False,
    ),
    Checkpoint("Cnn14_emb512", 0.420),
    Checkpoint("Cnn14_emb128", 0.412),
    Checkpoint("Cnn14_emb32", 0.364),
    Checkpoint(
        "Cnn14_16k", 0.438, 358_668_570, "362fc5ff18f1d6ad2f6d464b45893f2c",
        "e2ee543a27919542c2ea03eabaa70b24dcd4e6c8e05621de6b67a94e4c5058e6", has_sampler=True,
    ),
    Checkpoint("Cnn14_8k", 0.416),
    Checkpoint(
        "Cnn14_DecisionLevelMax", 0.385, 327_428_481, "70539c43c18b6a289b3199c503a82c5a",
        "dd3b4043a87d4ec13df8082c0fcfee3fb5084151808e47e060987a95eabdd142", has_sampler=False,
        other_files=("Cnn14_DecisionLevelMax.pth",),  # the name that panns-inference 0.1 gave it
    ),
    Checkpoint("Cnn14_DecisionLevelAtt", 0.425, None, "c8281ca2b9967244b91d557aa941e8ca"),
    Checkpoint("ResNet22", 0.430, None, "cf36d413096793c4e15dc752a3abd599"),
    Checkpoint(
        "ResNet38", 0.434, 299_615_982, "bf12f36aaabac4e0855e22d3c3239c1b", has_sampler=False
    ),
    Checkpoint("ResNet54", 0.429, None, "4f1f1406d37a29e2379916885e18c5f3"),
    Checkpoint(
        "MobileNetV1", 0.389, 23_639_473, "a419303e1c88aa1b9d2ac3811563d371", has_sampler=False
    ),
    Checkpoint("MobileNetV2", 0.383),
    Checkpoint(
        "LeeNet11", 0.266, 3_012_373, "61ba7a7a85542fe4e97240db974eb158",
        "557d356d9b47d68913c5419af8cad046710cbf4bd679f9d69a4db442beb2b571", 540_000, False,
    ),
    Checkpoint("LeeNet24", 0.336),
    Checkpoint("DaiNet19", 0.295),
    Checkpoint("Res1dNet31", 0.365),
    Checkpoint("Res1dNet51", 0.355),
    Checkpoint("Wavegram_Cnn14", 0.389, None, "1e3506ab640371e0b5a417b15fd66d21"),
    Checkpoint(
        "Wavegram_Logmel_Cnn14", 0.439, 328_692_198, "17fa9ab65af3c0eb5ffbc5f65552c4e1",
        has_sampler=False,
    ),
)  # fmt: skip

CHECKPOINTS: dict[str, Checkpoint] = {row.name: row for row in _ROWS}
"""The published files, by the name of their network."""


def find(name: str) -> Checkpoint:
    """The published file of a network.

    Args:
        name: of the network; case, '-' and '_' do not matter.

    Raises:
        UsageError: if nothing is published under that name; it lists the nearest ones.
    """
    return CHECKPOINTS[closest(name, CHECKPOINTS, "checkpoint")]


def named(file: str) -> Checkpoint | None:
    """The published file that a name of a file stands for; None for a name of somebody's own.

    Args:
        file: name of a file, without its folder.
    """
    return next((c for c in CHECKPOINTS.values() if file in (c.file, *c.other_files)), None)
