"""Which networks, layers and units there are, and how a spec is completed from that."""
