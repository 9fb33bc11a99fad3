"""What the routes of control do, one module for each resource."""
