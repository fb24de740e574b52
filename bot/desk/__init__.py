"""The desk: who takes which case, what goes to whom, and when somebody has to be reminded. Pure, like the dialogue.

`decide(desk, policy, event)` is the only way in; it knows no clock and no messenger. Families and counsellors never
share a chat: what a family reads is an event for its own lane (`Tell`), what staff read is a `Show`.
"""
