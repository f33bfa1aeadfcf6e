"""The demonstration practice: fictional people, a believable record, the same bytes from the same seed.

Nothing here is a real person, an advice or a recommendation. Numbers lie in the test ranges, telephones in
the ranges kept for fiction, addresses under `exemple.invalid`.
"""
