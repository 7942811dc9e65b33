-- Named, ordered sets of clips.

CREATE TABLE collections (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0 AND name NOT GLOB '*[@/]*'),
  added TEXT NOT NULL
) STRICT;

CREATE TABLE collection_clips (
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  clip_id INTEGER NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
  -- The order; numbers of clips that were taken out stay free.
  position INTEGER NOT NULL CHECK (position >= 0),
  PRIMARY KEY (collection_id, clip_id),
  UNIQUE (collection_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX collection_clips_by_clip ON collection_clips (clip_id);
