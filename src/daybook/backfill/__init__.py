"""Back-fill: what old documents lack, from their text and from one pass over the history; `backfilling` is the way in."""
