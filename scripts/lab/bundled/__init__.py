"""How the bundled model is made and measured: corpus, alignment, training, export, evaluation."""
