internal import Foundation
internal import Glibc
internal import Hashing
internal import Packs
internal import Store
internal import Tensors

/// A bundle that is read, and trusted in nothing: it may be cut, changed, or made to do harm.
struct ClipBundle {
    let folder: String
    let manifest: BundleManifest

    /// Larger ones are no `bundle.json`, where a million clips have 400 kB, and no `pack.json`.
    static let manifestLimit = 16 << 20
    /// Larger ones are no line: a collection of a million clips has 70 MB.
    private static let lineLimit = 128 << 20
    /// Larger ones are no header: a part of 1,024 clips has 1.4 MB.
    private static let headerLimit = 16 << 20

    /// Reads and checks `bundle.json`; no other file is touched.
    ///
    /// - Throws: `RequestError` if no bundle is there; `StoreError`: `.newerFormat`, `.stranger`, `.damaged`; `PackError`
    ///   for JSON of another form.
    init(folder: String) throws {
        self.folder = folder
        let path = folder + "/" + BundleManifest.fileName
        var facts = stat()
        let source = "bundle \"\(folder)\": \(BundleManifest.fileName)"
        guard lstat(path, &facts) == 0 else {
            let code = errno
            let lacks =
                fileExists(folder)
                ? "there is no \(BundleManifest.fileName) in it" : "nothing is there"
            throw RequestError(
                code == ENOENT || code == ENOTDIR
                    ? "bundle \"\(folder)\": \(lacks); name a folder that vsdb export made"
                    : "\(source) cannot be read: \(String(cString: strerror(code)))"
            )
        }
        guard facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= Self.manifestLimit else {
            throw StoreError(.damaged, "\(source) is not a file of up to 16 MiB; export again")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RequestError("\(source) cannot be read; check your rights")
        }
        try Self.checkVersion(data, source)
        manifest = try StrictJSON.decode(BundleManifest.self, from: data, source: source)
        guard try manifest.checksum == manifest.computedChecksum() else {
            throw damaged("\(BundleManifest.fileName) does not match its checksum")
        }
        try checkNames()
    }

    /// Only what every format has, so that a newer bundle is recognised whatever else it holds.
    private struct Version: Decodable {
        let application: String
        let formatVersion: Int
    }

    private static func checkVersion(_ data: Data, _ source: String) throws {
        let version: Version
        do { version = try JSONDecoder().decode(Version.self, from: data) } catch {
            throw StoreError(.damaged, "\(source) \(JSONFault.text(data, error)); export again")
        }
        guard version.application == "vsdb" else {
            throw StoreError(
                .stranger,
                "\(source): written by \"\(version.application.asOneLine)\"; name a bundle of vsdb"
            )
        }
        let current = BundleManifest.currentFormat
        guard version.formatVersion <= current else {
            throw StoreError(
                .newerFormat,
                "\(source): made by a newer vsdb (format \(version.formatVersion), this vsdb reads "
                    + "up to \(current)); upgrade vsdb"
            )
        }
        guard version.formatVersion == current else {
            throw StoreError(.damaged, "\(source): there is no format \(version.formatVersion)")
        }
    }

    /// Every file has the one name that it can have: none leads out of the bundle.
    private func checkNames() throws {
        func check(_ file: BundleManifest.File, _ name: String) throws {
            guard file.path == name, file.byteCount >= 0 else {
                throw damaged(
                    "\(BundleManifest.fileName) names \"\(file.path)\" instead of \(name)"
                )
            }
        }
        for (number, part) in manifest.parts.enumerated() {
            try check(part.clips, BundleManifest.clipsName(number))
            try check(part.tensors, BundleManifest.tensorsName(number))
            guard part.clipCount >= 0, part.tensorCount >= 0, part.clipCount < 1 << 32,
                part.tensorCount < 1 << 32
            else { throw damaged("part \(number) has impossible counts") }
        }
        try check(manifest.compositions, BundleManifest.compositionsName)
        try check(manifest.collections, BundleManifest.collectionsName)
        for pack in manifest.packs {
            guard ClipName.isValid(pack.name) else {
                throw damaged("\"\(pack.name)\" is no name of a pack")
            }
            for file in pack.files ?? [] {
                let name = (file.path as NSString).lastPathComponent
                guard !name.hasPrefix("."), !name.isEmpty else {
                    throw damaged("\"\(file.path)\" is no file of a pack")
                }
                try check(file, BundleManifest.packFolder(pack.name) + "/" + name)
            }
        }
        guard Set(manifest.packs.map(\.fingerprint)).count == manifest.packs.count,
            Set(manifest.files.map(\.path)).count == manifest.files.count
        else { throw damaged("\(BundleManifest.fileName) names a pack or a file twice") }
    }

    /// A bundle that is not what was written.
    func damaged(_ problem: String) -> StoreError {
        StoreError(
            .damaged,
            "bundle \"\(folder)\": \(problem.asOneLine); copy the bundle again, or export again"
        )
    }

    // MARK: Files

    /// Opens a file that is as large as it should be, and no link or pipe.
    func open(_ file: BundleManifest.File) throws -> FileBytes {
        let path = folder + "/" + file.path
        try refuseLinks(file.path)
        let bytes: FileBytes
        do { bytes = try FileBytes(path: path) } catch {
            throw damaged("\(file.path) cannot be read: \(error)")
        }
        guard bytes.count == file.byteCount else {
            throw damaged(
                "\(file.path) has \(bytes.count) bytes instead of \(file.byteCount)"
                    + (bytes.count < file.byteCount ? "; it is cut off" : "")
            )
        }
        return bytes
    }

    /// A link could lead to any file of the machine.
    private func refuseLinks(_ name: String) throws {
        var path = folder
        for part in name.split(separator: "/") {
            path += "/" + part
            var facts = stat()
            if lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK {
                throw damaged("\(name) is a symbolic link, and a bundle has none")
            }
        }
    }

    /// Compares every file with its hash.
    func verifyFiles(_ cancellation: Cancellation) throws {
        for file in manifest.files {
            let bytes = try open(file)
            let sum = SHA256()
            let pieces = bytes.forEachPiece(of: 0..<bytes.count) { piece in
                if !cancellation.isCancelled { sum.update(piece) }
            }
            try cancellation.check()
            guard pieces else { throw damaged("\(file.path) cannot be read to its end") }
            let found = sum.finish().hex
            guard found == file.sha256 else {
                throw damaged(
                    "\(file.path) was changed: its SHA-256 is \(found), \(BundleManifest.fileName) says \(file.sha256)"
                )
            }
        }
    }

    /// The safetensors file of a part.
    func tensors(_ number: Int) throws -> SafetensorsFile {
        let file = manifest.parts[number].tensors
        let bytes = try open(file)
        let opened = try SafetensorsFile(
            path: folder + "/" + file.path,
            bytes: bytes,
            headerLimit: Self.headerLimit
        )
        guard opened.names.count == manifest.parts[number].tensorCount else {
            throw damaged(
                "\(file.path) has \(opened.names.count.counted("tensor")), \(BundleManifest.fileName) says "
                    + "\(manifest.parts[number].tensorCount)"
            )
        }
        return opened
    }

    /// Reads a file of one JSON object a line.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - type: What a line describes.
    ///   - isChecked: Whether the file was read before, and no line has a key that is not known.
    ///   - body: Takes each line, and what it is called in messages.
    /// - Throws: `StoreError`, `.damaged`, and `PackError`, `.badManifest`, naming file and line; what `body` throws.
    func forEachLine<Line: Codable>(
        of file: BundleManifest.File,
        as type: Line.Type,
        isChecked: Bool = false,
        _ body: (Line, String) throws -> Void
    ) throws {
        guard var rest = try open(file).all() else { throw damaged("\(file.path) cannot be read") }
        var number = 0
        while !rest.isEmpty {
            number += 1
            let place = "\(file.path), line \(number)"
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
                throw damaged("\(place) does not end")
            }
            let line = rest[rest.startIndex..<end]
            guard line.count <= Self.lineLimit else { throw damaged("\(place) is too long") }
            try body(try decode(type, Data(line), place, isChecked: isChecked), place)
            rest = rest[(end + 1)...]
        }
    }

    private func decode<Line: Codable>(
        _ type: Line.Type,
        _ line: Data,
        _ place: String,
        isChecked: Bool
    ) throws -> Line {
        guard isChecked else {
            return try StrictJSON.decode(
                type,
                from: line,
                source: "bundle \"\(folder)\": \(place)"
            )
        }
        do { return try JSONDecoder().decode(type, from: line) } catch {
            throw damaged("\(place) \(JSONFault.text(line, error))")
        }
    }

    /// Reads the clips of a part, in order.
    ///
    /// - Parameters:
    ///   - number: The part.
    ///   - isChecked: Whether it was read before, and no line has a key that is not known.
    ///   - body: Takes each clip, and what its line is called in messages.
    /// - Throws: As `forEachLine`.
    func forEachClip(
        of number: Int,
        isChecked: Bool = false,
        _ body: (BundleClip, String) throws -> Void
    ) throws {
        try forEachLine(
            of: manifest.parts[number].clips,
            as: BundleClip.self,
            isChecked: isChecked,
            body
        )
    }
}
