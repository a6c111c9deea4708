"""What Prometheus reads at `/metrics`: the ledger's counts, what workers say of themselves, and this front end's requests."""
