"""What the interface says of itself: the OpenAPI document, put together from the routes, the models and the table of errors."""
