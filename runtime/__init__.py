"""What every process needs, one page each: settings, errors, metrics, clock, logs."""
