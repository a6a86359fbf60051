"""The explorer: one page, without network, on which trained networks and memories can be tried.

Its program is TypeScript in `explorer/` of the repository; what it builds, `program.html`, and the networks
that are shown by default, `networks.json`, belong to the package.
"""
