/// The steps that build the catalogue of a library, oldest first.
///
/// A released step is never edited: libraries that took it would differ from new ones. To change
/// the schema, add a file `V0004_….sql`, list it here and in Package.swift, and update
/// Schema/catalog.sql.
public enum Migrations {
    /// File name without ending, and SQL text, of every step.
    public static let all: [(name: String, sql: String)] = [
        (
            "V0001_create_library",
            String(decoding: PackageResources.V0001_create_library_sql, as: UTF8.self)
        ),
        (
            "V0002_create_collections",
            String(decoding: PackageResources.V0002_create_collections_sql, as: UTF8.self)
        ),
        (
            "V0003_seal_clips",
            String(decoding: PackageResources.V0003_seal_clips_sql, as: UTF8.self)
        ),
    ]
}
