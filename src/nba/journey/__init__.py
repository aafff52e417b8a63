"""The single customer view: events, the timeline they form, signals and moments."""
