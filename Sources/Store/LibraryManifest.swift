import Foundation

/// What library.json says.
struct LibraryManifest: Codable, Equatable {
    /// The layout of the folder that this vsdb writes and reads.
    static let currentFormat = 1

    let application: String
    let formatVersion: Int
    let uuid: String
    let created: String

    /// Only what every format has, so that a newer file is recognised whatever else it holds.
    private struct Version: Decodable {
        let application: String
        let formatVersion: Int
    }

    /// Describes a new library.
    init(created: Date) {
        application = "vsdb"
        formatVersion = Self.currentFormat
        uuid = UUID().uuidString.lowercased()
        self.created = timestamp(created)
    }

    /// Describes a library that is there.
    init(uuid: String, created: String) {
        application = "vsdb"
        formatVersion = Self.currentFormat
        self.uuid = uuid
        self.created = created
    }

    /// Reads the file of a library.
    ///
    /// - Throws: `StoreError`: `.noLibrary`, `.newerFormat`, `.stranger` or `.damaged`.
    init(path: String) throws(StoreError) {
        let data: Data
        // Opening a pipe would wait for ever.
        guard !fileExists(path) || isRegularFile(path) else {
            throw StoreError(.damaged, "library \"\(path)\": not a file; mend it with vsdb repair")
        }
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw StoreError(
                .noLibrary,
                fileExists(path)
                    ? "library: \"\(path)\" cannot be read (\(error.localizedDescription)); give yourself the right to"
                    : "library: \"\(path)\" is missing; write it anew with vsdb repair, or restore it from a backup"
            )
        }
        guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
            throw StoreError(
                .damaged,
                "library \"\(path)\": not the JSON of vsdb; mend it with vsdb repair, or restore the file from a backup"
            )
        }
        guard version.application == "vsdb" else {
            throw StoreError(
                .stranger,
                "library \"\(path)\": written by \(version.application); name a library of vsdb"
            )
        }
        guard version.formatVersion <= Self.currentFormat else {
            throw StoreError(
                .newerFormat,
                "library \"\(path)\": made by a newer vsdb (format \(version.formatVersion), this "
                    + "vsdb reads up to \(Self.currentFormat)); upgrade vsdb"
            )
        }
        guard let manifest = try? JSONDecoder().decode(Self.self, from: data) else {
            throw StoreError(
                .damaged,
                "library \"\(path)\": keys are missing; mend it with vsdb repair, or restore the file from a backup"
            )
        }
        self = manifest
    }

    /// The bytes of the file.
    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
