"""The bundle that leaves the house: written here, checked by `takedown.verify`. Nothing is imported by default."""
