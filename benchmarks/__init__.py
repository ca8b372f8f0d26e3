"""How fast it is: each benchmark prints medians and ratios that were measured side by side in one run."""
