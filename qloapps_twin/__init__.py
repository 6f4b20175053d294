"""A stand-in for QloApps 1.7.0: its web service, quirks included, over a model of a hotel. See docs/twin.md."""
