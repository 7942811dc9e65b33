public import Foundation

/// A set of weights that the library knows.
public struct PackRecord: Sendable, Equatable {
    /// The unique name.
    public var name: String
    /// The hash of all its files, in hexadecimal digits.
    public var fingerprint: String
    /// Its folder, relative to the library: `packs/NAME`.
    public var folder: String
    /// A summary of the manifest, as a JSON object.
    public var manifestJSON: String
    /// When it was added.
    public var added: Date

    /// Describes a pack whose files are in the library, or will be.
    public init(
        name: String,
        fingerprint: String,
        folder: String? = nil,
        manifestJSON: String = "{}",
        added: Date = Date()
    ) {
        self.name = name
        self.fingerprint = fingerprint.lowercased()
        self.folder = folder ?? "packs/\(name)"
        self.manifestJSON = manifestJSON
        self.added = added
    }
}
