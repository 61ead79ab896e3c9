"""Which sounds a recording holds: `python examples/tag_file.py [RECORDING] [--model NAME]`."""

import argparse
from pathlib import Path

from panns_inference import AudioTagging

parser = argparse.ArgumentParser(description="Print the most probable classes of a recording.")
parser.add_argument("recording", nargs="?", default=Path(__file__).with_name("street.flac"))
parser.add_argument("--model", default="Cnn14", help="one of `panns models`")
given = parser.parse_args()

# The weights come from the cache folder; the first time, they are downloaded into it.
tagging = AudioTagging(given.model).tag(given.recording)

for tag in tagging.top(5):
    print(f"{tag.probability:.3f}  {tag.label}  ({tag.mid})")

print(f"probability of a dog: {tagging['Dog']:.3f}")
