"""What must not leave the building: secrets, names of people and machines, and how a run is published without them."""
