internal import Foundation
internal import Hashing
internal import Packs
public import Store
internal import Tensors

/// Which clips go into a bundle, and where it goes.
public struct ExportRequest: Sendable {
    /// Clips by name; with no filters either, every clip.
    public var references: [String] = []
    /// Conditions; a clip that meets those of one of them is chosen.
    public var filters: [ClipFilter] = []
    /// The folder to make.
    public var output: String
    /// Whether the packs come along, so that the other side needs nothing.
    public var withPacks = false

    /// Every clip, to a folder.
    public init(output: String) { self.output = output }
}

/// What went into a bundle.
public struct ExportReport: Sendable, Codable {
    /// What stayed behind though the library has it.
    public struct LeftOut: Sendable, Codable {
        /// `composition` or `collection`.
        public let kind: String
        /// Its name.
        public let name: String
        /// Why.
        public let reason: String
    }

    /// The bundle.
    public let output: String
    /// How many clips.
    public var clips = 0
    /// How many tensors.
    public var tensors = 0
    /// Bytes of all files.
    public var bytes = 0
    /// The packs that the clips need.
    public var packs: [String] = []
    /// Whether the packs came along.
    public let withPacks: Bool
    /// The saved compositions that came along.
    public var compositions: [String] = []
    /// The collections that came along.
    public var collections: [String] = []
    /// The compositions and collections that did not, for not all of their clips are in the bundle.
    public var leftOut: [LeftOut] = []
}

extension Session {
    /// Writes clips with their tensors, and what is made of them, into a folder for another library.
    ///
    /// Everything is of one moment of the library, others may write to it. The folder appears whole or not at all.
    ///
    /// - Parameters:
    ///   - request: Which clips.
    ///   - cancellation: Stops between two tensors; then there is no folder.
    ///   - onProgress: Is told how many clips of how many are done.
    /// - Returns: What went in.
    /// - Throws: `StoreError`, `PackError`, `RequestError` if no clip is chosen, `InterruptedError`, errors of the disk.
    public func export(
        _ request: ExportRequest,
        cancellation: Cancellation = Cancellation(),
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws -> ExportReport {
        guard !library.holds(request.output) else {
            throw StoreError(
                .invalidValue,
                "bundle \"\(request.output)\": lies inside of the library; choose a place outside with -o"
            )
        }
        return try library.atOneMoment { snapshot in
            let filters =
                request.references.isEmpty && request.filters.isEmpty
                ? [ClipFilter()] : request.filters
            let numbers = try snapshot.clipNumbers(named: request.references, or: filters)
            guard !numbers.isEmpty else {
                throw RequestError("export: no clip is chosen, a bundle needs one; see vsdb list")
            }
            let folder = try BundleFolder(output: request.output)
            defer { folder.discard() }
            var writer = BundleWriter(
                session: self,
                snapshot: snapshot,
                folder: folder,
                cancellation: cancellation,
                report: ExportReport(output: folder.output, withPacks: request.withPacks)
            )
            try writer.addClips(numbers, onProgress)
            try writer.finish(try writer.addDocuments())
            return writer.report
        }
    }
}

/// Writes a bundle part by part: memory holds the rows of one part and one tensor.
private struct BundleWriter {
    let session: Session
    let snapshot: LibrarySnapshot
    let folder: BundleFolder
    let cancellation: Cancellation
    var report: ExportReport
    private var parts: [BundleManifest.Part] = []
    private var waiting: [StoredClip] = []
    private var written: Set<ClipID> = []
    private var fingerprints: Set<String> = []

    /// Bounds of a part; a gibibyte with its header, and rows that memory can hold.
    private static let partByteLimit = (1 << 30) - (4 << 20)
    private static let partClipLimit = 1_024
    /// Rows that are read at once.
    private static let batch = 128

    init(
        session: Session,
        snapshot: LibrarySnapshot,
        folder: BundleFolder,
        cancellation: Cancellation,
        report: ExportReport
    ) {
        (self.session, self.snapshot, self.folder) = (session, snapshot, folder)
        (self.cancellation, self.report) = (cancellation, report)
    }

    mutating func addClips(_ numbers: [Int64], _ onProgress: (Int, Int) -> Void) throws {
        var byteCount = 0
        for start in stride(from: 0, to: numbers.count, by: Self.batch) {
            let rows = numbers[start..<min(start + Self.batch, numbers.count)]
            for stored in try snapshot.clips(rows) {
                let isFull =
                    byteCount + stored.byteCount > Self.partByteLimit
                    || waiting.count >= Self.partClipLimit
                if isFull, !waiting.isEmpty {
                    try writePart()
                    byteCount = 0
                    onProgress(report.clips, numbers.count)
                }
                guard stored.assets.contains(where: { $0.kind == .content }) else {
                    throw StoreError(
                        .damaged,
                        "library \"\(session.library.path)\": clip \"\(stored.clip.name)\" has no content code; see "
                            + "vsdb check, and mend it with vsdb repair"
                    )
                }
                waiting.append(stored)
                byteCount += stored.byteCount
            }
        }
        try writePart()
        onProgress(report.clips, numbers.count)
    }

    private mutating func writePart() throws {
        let clips = waiting
        waiting = []
        var lines = Data()
        var assets: [String: Asset] = [:]
        for stored in clips {
            lines += try JSONEncoder.forLines.encode(BundleClip(stored)) + Data("\n".utf8)
            for asset in stored.assets { assets[BundleClip.tensorName(asset)] = asset }
            written.insert(stored.clip.id)
            fingerprints.insert(stored.clip.packFingerprint)
        }
        let tensorsName = BundleManifest.tensorsName(parts.count)
        let hash = try SafetensorsWriter.write(
            assets,
            to: folder.draft + "/" + tensorsName,
            layout: { TensorLayout(dtype: $0.dtype, shape: $0.shape) },
            bytes: { _, asset in
                try cancellation.check()
                return try snapshot.tensor(asset).bytes
            }
        )
        parts.append(
            BundleManifest.Part(
                clips: try folder.write(lines, to: BundleManifest.clipsName(parts.count)),
                tensors: try folder.described(tensorsName, sha256: hash),
                clipCount: clips.count,
                tensorCount: assets.count
            )
        )
        report.clips += clips.count
        report.tensors += assets.count
    }

    /// The files of the compositions and collections that the bundle has all clips of.
    struct Documents {
        let compositions: BundleManifest.File
        let collections: BundleManifest.File
    }

    /// Writes the compositions and collections that the bundle has all clips of.
    mutating func addDocuments() throws -> Documents {
        var lines = Data()
        for saved in try snapshot.compositions() {
            if let reason = obstacle(saved) {
                report.leftOut.append(.init(kind: "composition", name: saved.name, reason: reason))
                continue
            }
            let line = BundleComposition(
                name: saved.name,
                hash: saved.hash,
                recipe: saved.recipeJSON,
                parents: saved.parents.map(\.hex)
            )
            lines += try JSONEncoder.forLines.encode(line) + Data("\n".utf8)
            report.compositions.append(saved.name)
        }
        let compositions = try folder.write(lines, to: BundleManifest.compositionsName)
        lines = Data()
        for collection in try snapshot.collections() {
            let absent = collection.clips.filter { !written.contains($0) }.count
            guard absent == 0 else {
                let reason = Self.missing(absent, of: collection.clips.count)
                report.leftOut.append(
                    .init(kind: "collection", name: collection.name, reason: reason)
                )
                continue
            }
            let line = BundleCollection(
                name: collection.name,
                clips: collection.clips.map(\.hex)
            )
            lines += try JSONEncoder.forLines.encode(line) + Data("\n".utf8)
            report.collections.append(collection.name)
        }
        return Documents(
            compositions: compositions,
            collections: try folder.write(lines, to: BundleManifest.collectionsName)
        )
    }

    /// Why a composition cannot come along; nil if it can.
    private func obstacle(_ saved: Composition) -> String? {
        let absent = saved.parents.filter { !written.contains($0) }.count
        guard absent == 0 else { return Self.missing(absent, of: saved.parents.count) }
        // Checked as the other side will check it.
        do {
            _ = try BundleDocuments.recipe(saved.recipeJSON, saved.hash, saved.parents, saved.name)
        } catch { return "\(error)" }
        return nil
    }

    private static func missing(_ absent: Int, of all: Int) -> String {
        "\(absent) of its \(all.counted("clip")) \(absent == 1 ? "is" : "are") not in the bundle"
    }

    mutating func finish(_ documents: Documents) throws {
        let needed = try snapshot.packs().filter { fingerprints.contains($0.fingerprint) }
        report.packs = needed.map(\.name)
        var manifest = BundleManifest(
            created: Date().formatted(.iso8601),
            library: session.library.uuid,
            packs: try needed.map { try pack($0) },
            parts: parts,
            compositions: documents.compositions,
            collections: documents.collections
        )
        manifest.checksum = try manifest.computedChecksum()
        let own = try folder.write(
            try JSONEncoder.forDocuments.encode(manifest) + Data("\n".utf8),
            to: BundleManifest.fileName
        )
        report.bytes = manifest.files.reduce(own.byteCount) { $0 + $1.byteCount }
        try cancellation.check()
        try folder.publish()
    }

    private func pack(_ record: PackRecord) throws -> BundleManifest.NeededPack {
        var needed = BundleManifest.NeededPack(name: record.name, fingerprint: record.fingerprint)
        guard report.withPacks else { return needed }
        // Not by the session, which would ask the catalogue in the middle of a question.
        let pack = try Pack(folder: session.folder(of: record))
        let isSame = pack.fingerprint == record.fingerprint
        let damaged = isSame ? pack.damagedFiles() : [Pack.manifestName]
        guard damaged.isEmpty else {
            throw PackError(
                .weightsMismatch,
                "pack \"\(record.name)\": damaged or missing in \"\(pack.folder)\": "
                    + "\(damaged.joined(separator: ", ")); repair it with vsdb pack add DIR, or leave --with-packs away"
            )
        }
        let name = BundleManifest.packFolder(record.name)
        let target = folder.draft + "/" + name
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        needed.files = try pack.fileNames.map { file in
            try cancellation.check()
            return try folder.copy(pack.folder + "/" + file, to: name + "/" + file)
        }
        return needed
    }
}
