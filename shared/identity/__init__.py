"""Who is calling, and what may they do? Bearer tokens, the development issuer, the dependency for routes."""
