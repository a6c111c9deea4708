"""The web page: a template, a style sheet, a script, and the route that serves them."""
