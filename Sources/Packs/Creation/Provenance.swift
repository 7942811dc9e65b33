internal import Foundation
internal import Hashing

/// Where the weights of a created pack come from, as its `provenance` says it.
enum Provenance {
    /// One sentence with the names and hashes of all source files, without folders.
    static func text(of files: [Recognition], maker: String) -> String {
        let sources = files.flatMap { members(of: $0.file.path) }.map { path in
            let name = (path as NSString).lastPathComponent
            let hash = (try? SHA256.digest(fileAt: path).hex) ?? "unreadable"
            return "\(name) (SHA-256 \(hash))"
        }
        return "made by \(maker) from \(sources.joined(separator: ", "))"
    }

    /// The file itself, or the weights of a folder and its configuration.
    private static func members(of path: String) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue
        else { return [path] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") || $0 == "config.json" }.sorted()
            .map { "\(path)/\($0)" }
    }
}
