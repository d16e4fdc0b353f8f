"""Counters of calls: a file that the processes of one machine share."""
