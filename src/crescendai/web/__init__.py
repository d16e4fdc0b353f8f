"""The application: error kinds to statuses, middleware, the built web app."""
