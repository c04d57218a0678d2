"""The local cloud: the whole of Takedown on one machine, without an AWS account."""
