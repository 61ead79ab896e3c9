"""New classes for a network in seconds: its last layer, learnt anew by embeddings.

clips --network--> embeddings --groups--> strength, thresholds, figures --> head, in the network
"""

from .in_mode import transfer_in_mode
from .transfer import transfer
from .transferred import Transferred

__all__ = ["Transferred", "transfer", "transfer_in_mode"]
