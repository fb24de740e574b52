"""The only package that knows YAML and folders."""
