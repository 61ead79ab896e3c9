"""Where a folder sounds like an example: `python examples/similar.py LIKE_THIS FOLDER`."""

import argparse

from panns_inference import AudioTagging
from panns_inference.similar import search_similar

parser = argparse.ArgumentParser(description="Find the sounds that are most like an example.")
parser.add_argument("like_this", help="FILE, or FILE:ONSET-OFFSET in seconds")
parser.add_argument("folder")
parser.add_argument("--model", default="Cnn14", help="one of `panns models`")
given = parser.parse_args()

model = AudioTagging(given.model)
for hit in search_similar([given.like_this], given.folder, model=model, top=10):
    print(f"{hit.similarity:.3f}  {hit.onset:7.2f} - {hit.offset:7.2f} s  {hit.filename}")
