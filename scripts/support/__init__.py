"""Helpers of the scripts of this source tree; not part of the installed package."""
