"""The guard: which addresses a capture may be driven to.

The gate judges the URL as text, the resolver gives every address of its name, the classifier judges each of them,
and `judge_url` does all three for every hop of a redirect chain. The rules are data, `policy.yaml`.
"""
