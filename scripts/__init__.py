"""Commands of the checkout: each a few lines; what is longer lives in `lab`."""
