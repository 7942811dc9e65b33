internal import Foundation
internal import Packs
public import Store

/// Where an import is.
public struct ImportProgress: Sendable {
    /// What is done with the clips.
    public enum Step: String, Sendable {
        /// Hashes, checksums and ids are compared; the library is not touched.
        case checking
        /// Clips come into the library.
        case adding
    }

    /// The step.
    public let step: Step
    /// Clips of all bundles that it was done with.
    public let done: Int
    /// Clips of all bundles.
    public let all: Int
}

extension Session {
    /// Takes the clips of bundles into the library, with their tags, captions, compositions and collections.
    ///
    /// All bundles are checked as a whole before the library is touched. A clip that the library has is left as it
    /// is, but gets the bundle's tags, and its caption if it has none. Importing again changes nothing; after an
    /// interruption it does the rest. A dry run counts a clip as known that an earlier bundle would bring.
    ///
    /// - Parameters:
    ///   - folders: The bundles.
    ///   - isDryRun: Whether only to check them and to say what would come in.
    ///   - run: The ingest run in which the clips came that are new; nil if they were ingested elsewhere.
    ///   - cancellation: Stops between two groups of clips; what came in stays, whole.
    ///   - onProgress: Is told how far it is.
    ///   - onReport: Is told what became of a bundle when it is done.
    /// - Throws: `StoreError`: `.damaged`, `.newerFormat`, `.stranger` for a bundle, `.unknownReference` for a pack that
    ///   the library needs and does not have; `PackError`, `RequestError`, `InterruptedError`.
    public func importBundles(
        _ folders: [String],
        isDryRun: Bool = false,
        run: IngestRunID? = nil,
        cancellation: Cancellation = Cancellation(),
        onProgress: (ImportProgress) -> Void = { _ in },
        onReport: (MergeReport) throws -> Void
    ) throws {
        let bundles = try folders.map { try ClipBundle(folder: $0) }
        let all = bundles.reduce(0) { $0 + $1.manifest.clipCount }
        let packs = try neededPacks(bundles)
        let shapes = packs.mapValues { ClipShapes($0.pack.manifest) }
        var done = 0
        // Bundle by bundle, for the ids of one are all that memory need hold of its clips.
        let documents = try bundles.map { bundle in
            let clips = try verify(bundle, shapes, cancellation) { count in
                done += count
                onProgress(ImportProgress(step: .checking, done: done, all: all))
            }
            return try BundleDocuments(bundle, clips: clips)
        }
        done = 0
        var planned = PlannedMerge()
        var installed: Set<String> = []
        var changedPacks: Set<String> = []
        // Once, and whatever stops it: what came in can be searched.
        defer { updateIndexes(ofPacks: changedPacks) }
        for (bundle, documents) in zip(bundles, documents) {
            var merge = LibraryMerge(
                into: self,
                from: bundle.folder,
                isDryRun: isDryRun,
                run: run,
                after: planned,
                cancellation: cancellation
            )
            for needed in bundle.manifest.packs where installed.insert(needed.fingerprint).inserted
            {
                try cancellation.check()
                if let source = packs[needed.fingerprint], source.isBundled {
                    try merge.install(source.pack, as: needed.name)
                }
            }
            defer { changedPacks.formUnion(merge.changedPacks) }
            for number in bundle.manifest.parts.indices {
                let part = try BundlePart(bundle, number, shapes: shapes)
                try bundle.forEachClip(of: number, isChecked: true) { line, place in
                    try merge.add(part.incoming(line, place))
                    done += 1
                    onProgress(ImportProgress(step: .adding, done: done, all: all))
                }
            }
            try merge.finish(
                compositions: documents.compositions,
                collections: documents.collections
            )
            planned = merge.planned
            try onReport(merge.report)
        }
    }

    /// Checks a bundle from its first byte to its last.
    ///
    /// - Returns: Its clips.
    private func verify(
        _ bundle: ClipBundle,
        _ shapes: [String: ClipShapes],
        _ cancellation: Cancellation,
        _ onClips: (Int) -> Void
    ) throws -> Set<ClipID> {
        try bundle.verifyFiles(cancellation)
        var ids: Set<ClipID> = []
        for number in bundle.manifest.parts.indices {
            let part = try BundlePart(bundle, number, shapes: shapes)
            try part.verify(&ids, cancellation)
            onClips(bundle.manifest.parts[number].clipCount)
        }
        return ids
    }

    /// A pack that clips need.
    private struct NeededPack {
        let pack: Pack
        /// Whether it comes from a bundle, for the library lacks it.
        let isBundled: Bool
    }

    /// Finds every pack that the bundles need, by its fingerprint: in the library, or in one of them.
    private func neededPacks(_ bundles: [ClipBundle]) throws -> [String: NeededPack] {
        let known = Set(try library.packs().map(\.fingerprint))
        var packs: [String: NeededPack] = [:]
        for bundle in bundles {
            for needed in bundle.manifest.packs where needed.files != nil {
                let pack = try bundle.pack(needed)
                if !known.contains(needed.fingerprint) {
                    packs[needed.fingerprint] = NeededPack(pack: pack, isBundled: true)
                }
            }
        }
        for bundle in bundles {
            for needed in bundle.manifest.packs where packs[needed.fingerprint] == nil {
                guard known.contains(needed.fingerprint) else {
                    throw StoreError(
                        .unknownReference,
                        "bundle \"\(bundle.folder)\": its clips need pack \"\(needed.name)\" "
                            + "(\(needed.fingerprint.prefix(12))), which \"\(library.path)\" does not have; "
                            + "add it with vsdb pack add DIR, or export with --with-packs"
                    )
                }
                packs[needed.fingerprint] = NeededPack(
                    pack: try pack(needed.fingerprint).pack,
                    isBundled: false
                )
            }
        }
        return packs
    }
}

extension ClipBundle {
    /// A pack that is in the bundle, and is the one that it should be.
    fileprivate func pack(_ needed: BundleManifest.NeededPack) throws -> Pack {
        let place = BundleManifest.packFolder(needed.name)
        let files = needed.files ?? []
        guard let document = files.first(where: { $0.path == place + "/" + Pack.manifestName }),
            document.byteCount <= Self.manifestLimit
        else { throw damaged("\(place) has no \(Pack.manifestName) of up to 16 MiB") }
        // No link, no pipe, nothing that grew: only then is it safe to read the manifest.
        for file in files { _ = try open(file) }
        let pack: Pack
        do { pack = try Pack(folder: folder + "/" + place) } catch { throw damaged("\(error)") }
        let names = files.map { ($0.path as NSString).lastPathComponent }
        guard pack.fingerprint == needed.fingerprint, Set(pack.fileNames) == Set(names) else {
            throw damaged("\(place) is not the pack that it should be")
        }
        return pack
    }
}

extension BundlePart {
    /// A clip whose tensors are read when the library lacks it.
    fileprivate func incoming(_ line: BundleClip, _ place: String) -> IncomingClip {
        IncomingClip(
            name: line.name,
            bare: line.bare,
            byteCount: line.assets.reduce(0) { $0 + (byteCount(of: $1.tensor) ?? 0) },
            whole: { try clip(line, place) }
        )
    }
}
