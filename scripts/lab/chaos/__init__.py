"""The fault campaign behind `scripts/chaos`: real processes, real faults, and a count of what became of every job."""
