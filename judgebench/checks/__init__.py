"""Checks that are code: functions of a set, unit tests, IFEval's constraints; what runs does so in a sandbox."""
