"""The core: a turn is a pure function of content, session and event."""
