"""Which recordings sound like another: `python examples/similar.py LIKE_THIS RECORDING...`."""

import argparse

import numpy as np

from panns_inference import AudioTagging

parser = argparse.ArgumentParser(description="Sort recordings by their likeness to the first.")
parser.add_argument("like_this")
parser.add_argument("recordings", nargs="+")
parser.add_argument("--model", default="Cnn14", help="one of `panns models`")
given = parser.parse_args()

model = AudioTagging(given.model)


def direction(recording: str) -> np.ndarray:
    """The embedding of a recording at length 1: the product of two is the cosine between them."""
    vector = model.embed(recording).vector
    return vector / np.linalg.norm(vector)


wanted = direction(given.like_this)
likeness = {recording: float(wanted @ direction(recording)) for recording in given.recordings}
for recording in sorted(likeness, key=likeness.__getitem__, reverse=True):
    print(f"{likeness[recording]:.3f}  {recording}")
