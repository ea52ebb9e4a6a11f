"""A run with a REMBI sheet → a submission to the BioImage Archive, in the archive's own profile of RO-Crate."""
