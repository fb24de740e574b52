"""Pure text work that matching and safety share."""
