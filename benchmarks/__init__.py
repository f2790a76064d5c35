"""Benchmarks: ratios to peers and limits measured in the same run.  Never run as tests."""
