internal import Foundation
internal import Packs
internal import Store

extension Session {
    /// Takes the clips of other libraries into this one, with their tags, captions, compositions and collections.
    ///
    /// Each library is read as it is at one moment, and is not changed. Every tensor is compared with its checksum. A
    /// clip that this library has is left as it is, but gets the other's tags, and its caption if it has none; a name that
    /// belongs to other content gets a number. Merging again changes nothing; after an interruption it does the rest.
    ///
    /// - Parameters:
    ///   - folders: The libraries, or the folders that hold them as `.vsdb`.
    ///   - withPacks: Whether packs that this library lacks are copied; without, clips of theirs are refused.
    ///   - isDryRun: Whether only to say what would come in.
    ///   - cancellation: Stops between two groups of clips; what came in stays, whole.
    ///   - onProgress: Is told how many clips of how many of a library are done.
    ///   - onReport: Is told what became of a library when it is done.
    /// - Throws: `StoreError`: `.noLibrary`, `.damaged`, `.unknownReference` for a pack that this library lacks, and what
    ///   opening throws; `PackError`, `RequestError`, `InterruptedError`.
    public func merge(
        _ folders: [String],
        withPacks: Bool = false,
        isDryRun: Bool = false,
        cancellation: Cancellation = Cancellation(),
        onProgress: (Int, Int) -> Void = { _, _ in },
        onReport: (MergeReport) throws -> Void
    ) throws {
        // All are opened, and their packs compared, before this library is touched.
        let others = try folders.map { try openOther($0) }
        for other in others {
            let used = try Self.advising(other.library.path) {
                try other.library.atOneMoment { snapshot in
                    let used = try snapshot.packsOfClips()
                    return try snapshot.packs().filter { used.contains($0.fingerprint) }
                }
            }
            _ = try missingPacks(used, of: other, withPacks)
        }
        var planned = PlannedMerge()
        var changedPacks: Set<String> = []
        // Once, and whatever stops it: what came in can be searched.
        defer { updateIndexes(ofPacks: changedPacks) }
        for other in others {
            var report = try Self.advising(other.library.path) {
                try other.library.atOneMoment { snapshot in
                    var merge = LibraryMerge(
                        into: self,
                        from: other.library.path,
                        isDryRun: isDryRun,
                        after: planned,
                        cancellation: cancellation
                    )
                    defer { changedPacks.formUnion(merge.changedPacks) }
                    try merge.takeAll(of: other, snapshot, withPacks, onProgress)
                    planned = merge.planned
                    return merge.report
                }
            }
            report.warning = other.library.warning
            try onReport(report)
        }
    }

    private func openOther(_ folder: String) throws -> Session {
        let path = try Library.locate(
            explicit: folder,
            environment: nil,
            workingDirectory: FileManager.default.currentDirectoryPath
        )
        func place(_ path: String) -> String {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
        }
        guard place(path) != place(library.path) else {
            throw RequestError("\"\(folder)\" is this library itself; name another one")
        }
        return Session(
            library: try Self.advising(path) {
                try Library.open(at: path, waitSeconds: library.waitSeconds)
            },
            logger: logger
        )
    }

    /// Adds to the advice for a damaged library which of two it is.
    private static func advising<Result>(
        _ other: String,
        _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch let error as StoreError
            where error.kind == .damaged && error.description.contains("\"\(other)")
        {
            throw StoreError(.damaged, "\(error); it is the other library: --library \"\(other)\"")
        }
    }

    /// The packs of another library that this one lacks.
    ///
    /// - Throws: `StoreError`, `.unknownReference` if they are not to be copied.
    fileprivate func missingPacks(
        _ packs: [PackRecord],
        of other: Session,
        _ withPacks: Bool
    ) throws -> [PackRecord] {
        let own = try library.packs()
        let known = Set(own.map(\.fingerprint))
        let missing = packs.filter { !known.contains($0.fingerprint) }
        guard let first = missing.first, !withPacks else { return missing }
        let namesake = own.first { $0.name == first.name }
        throw StoreError(
            .unknownReference,
            "library \"\(other.library.path)\": its clips were encoded by pack \"\(first.name)\" "
                + "(\(first.fingerprint.prefix(12))), which \"\(library.path)\" does not have"
                + (namesake.map {
                    "; its own \"\($0.name)\" is another one (\($0.fingerprint.prefix(12))), whose codes do not fit"
                } ?? "") + "; copy it too with --with-packs"
        )
    }
}

extension LibraryMerge {
    /// Takes everything of another library.
    fileprivate mutating func takeAll(
        of other: Session,
        _ snapshot: LibrarySnapshot,
        _ withPacks: Bool,
        _ onProgress: (Int, Int) -> Void
    ) throws {
        let numbers = try snapshot.clipNumbers(named: [], or: [ClipFilter()])
        let packs = try snapshot.packs()
        var shapes: [String: ClipShapes] = [:]
        var done = 0
        for start in stride(from: 0, to: numbers.count, by: Self.batch) {
            let rows = numbers[start..<min(start + Self.batch, numbers.count)]
            for stored in try snapshot.clips(rows) {
                let fingerprint = stored.clip.packFingerprint
                if shapes[fingerprint] == nil {
                    shapes[fingerprint] = try pack(fingerprint, packs, of: other, withPacks)
                }
                guard let shapes = shapes[fingerprint] else { continue }
                try add(stored, shapes, snapshot, from: other.library.path)
                done += 1
                onProgress(done, numbers.count)
            }
        }
        let compositions = try snapshot.compositions().map {
            NewComposition(
                name: $0.name,
                hash: $0.hash,
                recipeJSON: $0.recipeJSON,
                parents: $0.parents
            )
        }
        let collections = try snapshot.collections().map {
            CollectedClips(name: $0.name, clips: $0.clips)
        }
        try finish(compositions: compositions, collections: collections)
    }

    /// Rows that are read at once.
    private static let batch = 128

    /// The shapes of a pack's tensors; the pack is copied if this library lacks it.
    private mutating func pack(
        _ fingerprint: String,
        _ packs: [PackRecord],
        of other: Session,
        _ withPacks: Bool
    ) throws -> ClipShapes {
        guard let record = packs.first(where: { $0.fingerprint == fingerprint }) else {
            throw StoreError(
                .damaged,
                "library \"\(other.library.path)\": clips name pack \(fingerprint.prefix(12)), which it does not "
                    + "have; see vsdb check"
            )
        }
        let missing = try session.missingPacks([record], of: other, withPacks)
        guard !missing.isEmpty else { return ClipShapes(try session.pack(fingerprint).manifest) }
        // Not by the other session, which would ask its catalogue in the middle of a question.
        let pack = try Pack(folder: other.folder(of: record))
        guard pack.fingerprint == fingerprint else {
            throw PackError(
                .weightsMismatch,
                "pack \"\(record.name)\" of \"\(other.library.path)\": its pack.json was changed; repair it there with "
                    + "vsdb pack add DIR"
            )
        }
        try install(pack, as: record.name)
        return ClipShapes(pack.manifest)
    }

    private mutating func add(
        _ stored: StoredClip,
        _ shapes: ClipShapes,
        _ snapshot: LibrarySnapshot,
        from path: String
    ) throws {
        let bare = NewClip(stored.clip)
        guard bare.id == stored.clip.id else {
            throw StoreError(
                .damaged,
                "library \"\(path)\": clip \"\(stored.clip.name)\" is not what its id was computed from; see vsdb check"
            )
        }
        try add(
            IncomingClip(name: stored.clip.name, bare: bare, byteCount: stored.byteCount) {
                var whole = bare
                whole.assets = try stored.assets.map { asset in
                    let tensor = try snapshot.tensor(asset)
                    if let fault = shapes.fault(asset.kind, tensor) {
                        throw StoreError(
                            .damaged,
                            "library \"\(path)\": clip \"\(stored.clip.name)\": \(fault)"
                        )
                    }
                    return NewAsset(
                        kind: asset.kind,
                        tensor: tensor,
                        provenanceJSON: asset.provenanceJSON
                    )
                }
                return whole
            }
        )
    }
}

extension NewClip {
    /// A clip of another library, without its tensors.
    fileprivate init(_ clip: Clip) {
        self.init(
            source: clip.source,
            start: clip.start,
            end: clip.end,
            name: clip.baseName,
            packFingerprint: clip.packFingerprint,
            settings: clip.settings,
            assets: []
        )
        (isSegment, caption, tags) = (clip.isSegment, clip.caption, clip.tags)
    }
}
