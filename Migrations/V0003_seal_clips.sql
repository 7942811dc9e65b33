-- What describes a clip gets a checksum, so that a changed byte in a name or caption is noticed.

-- xxh3-64 of the clip's row, its source's row and its tags; null until it is sealed.
ALTER TABLE clips ADD COLUMN checksum TEXT CHECK (length(checksum) = 16);
