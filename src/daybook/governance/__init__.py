"""What governs the documents: who owns what, until when a text can be trusted, how far it may travel, what changes together."""
