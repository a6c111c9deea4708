"""What happens to articles and to terms on their way through a worker's pipeline, counted."""
