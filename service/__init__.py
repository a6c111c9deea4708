"""The front end of Dépêche, and everything that a job is. Never imports torch, transformers or worker."""
