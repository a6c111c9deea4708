"""The code behind the scripts. Nothing of the service imports it."""
