"""The only room that knows vendors. Each adapter keeps the promises of one port."""
