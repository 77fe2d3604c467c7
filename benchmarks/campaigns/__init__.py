"""Campaigns: a promise of the library tried on hundreds of cases, as many as you like."""
