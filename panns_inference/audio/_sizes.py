"""Headers that claim more samples, or fewer, than a file holds are made to tell the truth.

libsndfile reads a cut file as a shorter one without a word, and a recorder that lost power left a
claim of 0. So the claim is read here, compared with the size of the file, and corrected.

IRCAM, PAF, PVF and XI make no claim: nobody can tell whether they are cut. Of a VOC of several
blocks only the first is looked at. HTK is known by its claim alone, so a cut one is refused.
"""

from __future__ import annotations

from . import _chunks, _headers
from ._section import Section


def with_true_size(file: Section) -> tuple[Section, float]:
    """The file with a header that claims what is there, and the share of the claim that is.

    Where nothing needed follows the samples, the file ends with them: libsndfile takes for samples
    what stands behind those of a W64. The share is in [0, 1]; it is 1 where nothing is missing,
    and where no claim is found.

    Raises:
        Unrecognised: for a chain of chunks that does not come to an end.
    """
    claim = _chunks.claim(file) or _headers.claim(file)
    if claim is None or claim.start > file.size:
        return file, 1.0
    available = file.size - claim.start
    if claim.n_bytes <= available and not claim.is_open:
        return file.part(0, claim.start + claim.n_bytes if claim.is_last else None), 1.0
    share = 1.0 if claim.is_open else available / claim.n_bytes
    if claim.number is not None:
        file = file.patched(claim.number.at, claim.number.written(available + claim.own))
    return file, share
