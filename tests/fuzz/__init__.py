"""Nonsense for every reader of what comes from outside: `python -m tests.fuzz [--megabytes N] [--seed N] [--guided]`.

`readers` are the functions under test, `inputs` makes what they read, `families` puts both together, `watch` counts, times
and judges. `--guided` lets atheris (group `fuzz`) choose the inputs by the branches that they reach.
"""
