"""The life of documents: old notes go to the archive with every link kept alive, learnings are kept for good."""
