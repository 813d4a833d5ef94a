"""Publications on this node: who publishes, who waits."""
