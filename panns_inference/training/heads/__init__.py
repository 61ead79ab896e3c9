"""New classes for a network in seconds: its last layer, learnt anew by embeddings.

clips --network--> embeddings --groups--> strength, thresholds, figures --> head, in the network
"""

from .transfer import Transferred, transfer

__all__ = ["Transferred", "transfer"]
