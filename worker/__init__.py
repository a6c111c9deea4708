"""Everything that a model touches. Imports service.contract, and nothing else of service."""
