CREATE TABLE library (
  -- Properties of the library as a whole: 'uuid', 'created'.
  name TEXT PRIMARY KEY NOT NULL CHECK (length(name) > 0),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE packs (
  -- Sets of weights; the files lie in packs/NAME.
  fingerprint TEXT PRIMARY KEY NOT NULL
    CHECK (length(fingerprint) >= 16 AND fingerprint NOT GLOB '*[^0-9a-f]*'),
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
  folder TEXT NOT NULL CHECK (length(folder) > 0),
  manifest TEXT NOT NULL CHECK (json_valid(manifest)),
  is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1)),
  added TEXT NOT NULL,
  -- xxh3-64 of name, fingerprint, folder and manifest.
  checksum TEXT NOT NULL CHECK (length(checksum) = 16)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX packs_one_default ON packs (is_default) WHERE is_default = 1;

CREATE TABLE ingest_runs (
  id INTEGER PRIMARY KEY,
  request TEXT NOT NULL CHECK (json_valid(request)),
  started TEXT NOT NULL,
  -- Null while the run goes on, and for ever if it was killed.
  finished TEXT,
  added_count INTEGER NOT NULL DEFAULT 0 CHECK (added_count >= 0),
  skipped_count INTEGER NOT NULL DEFAULT 0 CHECK (skipped_count >= 0),
  failed_count INTEGER NOT NULL DEFAULT 0 CHECK (failed_count >= 0)
) STRICT;

CREATE TABLE sources (
  -- Files that clips were cut from; one row per content, whatever its path.
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
  path TEXT NOT NULL CHECK (length(path) > 0),
  byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
  media_kind TEXT NOT NULL CHECK (media_kind IN ('video', 'still')),
  -- Container facts: size, frame rate, codec.
  container TEXT NOT NULL CHECK (json_valid(container)),
  added TEXT NOT NULL
) STRICT;

CREATE TABLE clips (
  -- Ranges of sources, encoded with one pack and one set of settings.
  id INTEGER PRIMARY KEY,
  -- SHA-256 of source hash, range, pack fingerprint and settings; its first 12 digits are shown.
  identity TEXT NOT NULL UNIQUE
    CHECK (length(identity) = 64 AND identity NOT GLOB '*[^0-9a-f]*'),
  source_id INTEGER NOT NULL REFERENCES sources (id),
  -- Seconds in the source; both 0 for a still.
  start_seconds REAL NOT NULL CHECK (start_seconds >= 0),
  end_seconds REAL NOT NULL CHECK (end_seconds >= start_seconds),
  -- What is shown and resolved: the base name, for a segment with its range, as in walk@2s-4s.
  name TEXT NOT NULL UNIQUE,
  -- Of one clip, or of the segments of one source with one pack and one set of settings.
  base_name TEXT NOT NULL CHECK (length(base_name) > 0 AND base_name NOT GLOB '*[@/]*'),
  -- Whether it is one of several pieces of its source.
  is_segment INTEGER NOT NULL CHECK (is_segment IN (0, 1)),
  caption TEXT,
  pack_fingerprint TEXT NOT NULL REFERENCES packs (fingerprint),
  settings TEXT NOT NULL,
  ingest_run_id INTEGER REFERENCES ingest_runs (id),
  added TEXT NOT NULL, checksum TEXT CHECK (length(checksum) = 16),
  CHECK (
    CASE is_segment WHEN 0 THEN name = base_name
    ELSE substr(name, 1, length(base_name) + 1) = base_name || '@' END
  ),
  UNIQUE (source_id, start_seconds, end_seconds, pack_fingerprint, settings)
) STRICT;

CREATE INDEX clips_by_base_name ON clips (base_name, start_seconds);

CREATE INDEX clips_by_pack ON clips (pack_fingerprint);

CREATE INDEX clips_by_ingest_run ON clips (ingest_run_id);

CREATE TABLE clip_tags (
  clip_id INTEGER NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
  tag TEXT NOT NULL CHECK (length(tag) > 0),
  PRIMARY KEY (clip_id, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX clip_tags_by_tag ON clip_tags (tag, clip_id);

CREATE TABLE assets (
  -- Stored tensors of a clip; at most one of each kind. A number is never used again.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  clip_id INTEGER NOT NULL REFERENCES clips (id) ON DELETE CASCADE,
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 255),
  -- What made it; null for pictures that no network made.
  pack_fingerprint TEXT REFERENCES packs (fingerprint),
  tensor_key BLOB NOT NULL UNIQUE CHECK (length(tensor_key) = 34),
  dtype TEXT NOT NULL,
  -- Extents as a JSON array, outermost first.
  shape TEXT NOT NULL CHECK (json_valid(shape)),
  byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
  -- xxh3-64 of the payload, also in the header of the record.
  checksum TEXT NOT NULL CHECK (length(checksum) = 16),
  provenance TEXT NOT NULL CHECK (json_valid(provenance)),
  UNIQUE (clip_id, kind)
) STRICT;

CREATE INDEX assets_by_kind ON assets (kind, pack_fingerprint);

CREATE TABLE compositions (
  -- Saved recipes.
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (length(name) > 0 AND name NOT GLOB '*[@/]*'),
  hash TEXT NOT NULL CHECK (length(hash) >= 16 AND hash NOT GLOB '*[^0-9a-f]*'),
  recipe TEXT NOT NULL CHECK (json_valid(recipe)),
  added TEXT NOT NULL,
  -- xxh3-64 of name, hash and recipe.
  checksum TEXT NOT NULL CHECK (length(checksum) = 16)
) STRICT;

CREATE INDEX compositions_by_hash ON compositions (hash);

CREATE TABLE composition_parents (
  composition_id INTEGER NOT NULL REFERENCES compositions (id) ON DELETE CASCADE,
  position INTEGER NOT NULL CHECK (position >= 0),
  -- No foreign key: a recipe outlives a clip removed by force, and works again
  -- when the same clip is ingested again.
  clip_identity TEXT NOT NULL CHECK (length(clip_identity) = 64),
  PRIMARY KEY (composition_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX composition_parents_by_clip ON composition_parents (clip_identity);

CREATE TABLE renders (
  id INTEGER PRIMARY KEY,
  recipe_hash TEXT NOT NULL
    CHECK (length(recipe_hash) >= 16 AND recipe_hash NOT GLOB '*[^0-9a-f]*'),
  output_path TEXT NOT NULL CHECK (length(output_path) > 0),
  details TEXT NOT NULL CHECK (json_valid(details)),
  rendered TEXT NOT NULL
) STRICT;

CREATE INDEX renders_by_recipe ON renders (recipe_hash);

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
