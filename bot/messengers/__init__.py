"""One file per messenger: its wire format in, ours out."""
