"""What writes into the topic: packing, the sender, the simulator, the replayer, adapters of other formats."""
