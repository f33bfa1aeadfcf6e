"""The SQL of the store, once for every engine: one class per table group over a tiny driver."""
