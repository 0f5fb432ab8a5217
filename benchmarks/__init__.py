"""What things cost, printed. `python -m benchmarks` runs all; each module runs alone too."""
