"""Keys and sealed texts: what is encrypted, with which key, and how a key is destroyed."""
