"""A crate into an archive: a draft first, resumable, and never twice."""
