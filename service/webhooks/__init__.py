"""Telling receivers of the ends of jobs: what `depeche deliver` does."""
