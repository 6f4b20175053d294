"""Loads the fixtures of the suites; everything is in the plugin, so that other projects can load it as well."""

pytest_plugins = ["pms_drill.plugin"]
