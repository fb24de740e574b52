"""Order, retries and time around the core; decides nothing about dialogue."""
