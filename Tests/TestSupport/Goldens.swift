public import Foundation
public import Tensors
public import Testing

/// A golden that cannot be read.
public struct GoldenError: Error, Sendable, CustomStringConvertible {
    /// What is missing, and where it was looked for.
    public let description: String

    /// Describes what is missing.
    public init(description: String) { self.description = description }
}

/// One case of the golden manifest.
public struct GoldenCase: Sendable, CustomTestStringConvertible {
    /// The name of the case, unique in the manifest.
    public let name: String
    /// What is tested: 1 and 2 StyleGAN2, 3 pSp, 4 CLIP, 5 DINO, 6 VidStyleODE, 7 dopri5, 8 training,
    /// 9 blending.
    public let number: Int
    /// The hyper-parameters, as written in the manifest.
    public let config: JSON
    /// The suggested tolerances, as written in the manifest.
    public let tolerance: JSON
    /// The whole entry of the manifest.
    public let json: JSON
    /// Paths relative to the golden folder, by role (`checkpoint`, `weights`, `io`, ...).
    public let files: [String: String]

    /// The name, for the list of tests.
    public var testDescription: String { name }

    /// The file or folder of a role, or nil if this set of goldens does not hold it.
    public func url(_ role: String) -> URL? {
        guard let path = files[role] else { return nil }
        let url = Goldens.folder.appendingPathComponent(path)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }

    /// The path of a role's file.
    ///
    /// - Parameter role: The key of `files`.
    /// - Returns: The absolute path.
    /// - Throws: `GoldenError` if the case has no such file.
    public func path(_ role: String) throws -> String {
        guard let url = url(role) else {
            throw GoldenError(
                description: "golden case \(name) has no file \(role) in \(Goldens.folder.path); "
                    + "it lists \(files.keys.sorted())"
            )
        }
        return url.path
    }

    /// The absolute tolerance `tolerance[key]`, or a default.
    public func absolute(_ key: String = "abs", default value: Double = 0) -> Double {
        tolerance[key]?.double ?? value
    }

    /// The relative tolerance of the case, 0 if it has none.
    public var relative: Double { tolerance["rel"]?.double ?? 0 }
}

/// The golden vectors: numbers that the original networks computed.
///
/// The folder is the one that `VSDB_GOLDENS` names, otherwise `Tests/Goldens`. Cases whose files are
/// all absent are left out, so that a smaller set tests less instead of failing.
public enum Goldens {
    /// Where the manifest and the files lie.
    public static let folder: URL =
        if let path = ProcessInfo.processInfo.environment["VSDB_GOLDENS"], !path.isEmpty {
            URL(fileURLWithPath: path, isDirectory: true)
        } else {
            URL(fileURLWithPath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Goldens", isDirectory: true)
        }

    private static let manifest = Result { try readManifest() }
    private static let decoded = Result { try readCases(of: manifest.get()) }

    /// The name of this set of goldens, as its manifest states it.
    public static func set() throws -> String? { try manifest.get()["set"]?.string }

    /// All cases of the manifest that have at least one file in the folder.
    ///
    /// - Returns: The cases in the order of the manifest.
    /// - Throws: `GoldenError` if there is no manifest or it has another form.
    public static func cases() throws -> [GoldenCase] { try decoded.get() }

    /// The cases of one kind.
    ///
    /// - Parameters:
    ///   - number: The case number of the manifest.
    ///   - prefix: Only names that start so.
    /// - Returns: The cases in the order of the manifest, empty if there are none.
    /// - Throws: `GoldenError` if there is no manifest or it has another form.
    public static func cases(number: Int, prefix: String = "") throws -> [GoldenCase] {
        try cases().filter { $0.number == number && $0.name.hasPrefix(prefix) }
    }

    /// The cases that have a file of a role, whatever their kind.
    public static func cases(having role: String) throws -> [GoldenCase] {
        try cases().filter { $0.url(role) != nil }
    }

    /// The inputs and outputs of a case.
    ///
    /// - Parameters:
    ///   - golden: The case.
    ///   - role: Which safetensors file of the case.
    /// - Returns: The opened file.
    /// - Throws: `GoldenError` if the case has no such file, `SafetensorsError` if it is damaged.
    public static func io(_ golden: GoldenCase, role: String = "io") throws -> SafetensorsFile {
        try SafetensorsFile(path: golden.path(role))
    }

    /// A tensor of a golden file.
    ///
    /// - Returns: The stored tensor.
    /// - Throws: `GoldenError` if the file has no tensor of that name.
    public static func tensor(_ name: String, in file: SafetensorsFile) throws -> RawTensor {
        guard let tensor = file.raw(name) else {
            throw GoldenError(description: "golden file \(file.path) has no tensor \(name)")
        }
        return tensor
    }

    private static func readManifest() throws -> JSON {
        let url = folder.appendingPathComponent("manifest.json")
        do {
            return try JSONDecoder().decode(JSON.self, from: Data(contentsOf: url))
        } catch {
            throw GoldenError(description: "golden manifest \(url.path) cannot be read: \(error)")
        }
    }

    private static func readCases(of manifest: JSON) throws -> [GoldenCase] {
        guard let entries = manifest["cases"]?.array else {
            throw GoldenError(description: "the golden manifest of \(folder.path) lists no cases")
        }
        return try entries.map { entry in
            guard let name = entry["name"]?.string, let number = entry["case"]?.int else {
                throw GoldenError(description: "\(folder.path): a case lacks its name or number")
            }
            return GoldenCase(
                name: name,
                number: number,
                config: entry["config"] ?? .null,
                tolerance: entry["tolerance"] ?? .null,
                json: entry,
                files: (entry["files"]?.object ?? [:]).compactMapValues { $0["path"]?.string }
            )
        }
        .filter { golden in golden.files.keys.contains { golden.url($0) != nil } }
    }
}
