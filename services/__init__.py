"""The services. They never import one another: what passes between them is a contract or HTTP."""
