"""What the commands of `depeche` do."""
