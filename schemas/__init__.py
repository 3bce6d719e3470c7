"""JSON Schemas (2020-12), installed as `daybook.schemas`."""
