"""nginx in front: one origin, routes, limits; its configuration is rendered from the route table."""
