"""Small Protocols towards the outside, and the plain dataclasses that cross them.

Everything is async, at most six methods, with stdlib types, numpy arrays and frozen dataclasses
only. Vendor errors become ours. Deterministic doubles, called ``Scripted…``, stand beside a port.
"""
