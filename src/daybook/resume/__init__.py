"""Resume: what the operator and the peers did, from the work tree and the branches; `answer` makes it, `resume` words it."""
