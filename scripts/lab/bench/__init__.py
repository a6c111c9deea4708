"""Benchmarks. Every yardstick is measured in the same run, since machines are shared and noisy; ratios are what counts."""
