"""Which sounds, and when: `python examples/detect_file.py [RECORDING] [--threshold P]`."""

import argparse
from pathlib import Path

from panns_inference import SoundEventDetection

parser = argparse.ArgumentParser(description="Print the sound events of a recording.")
parser.add_argument("recording", nargs="?", default=Path(__file__).with_name("street.flac"))
parser.add_argument("--threshold", type=float, default=0.3, help="default: %(default)s")
given = parser.parse_args()

# Gaps below 0.2 s are closed, and what is shorter than 0.1 s is dropped.
detection = SoundEventDetection("Cnn14_DecisionLevelMax").detect(
    given.recording, threshold=given.threshold, merge_gap=0.2, min_duration=0.1, framewise=True
)

for event in detection.events:
    print(f"{event.onset:6.2f} s to {event.offset:6.2f} s  {event.probability:.3f}  {event.label}")

# The probabilities themselves, one row a frame.
speech = detection.framewise[:, detection.labels.index("Speech")]
print(f"speech is most probable at {speech.argmax() / detection.frames_per_second:.2f} s")
