internal import Foundation
internal import Packs
internal import Store

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
    /// interruption it does the rest.
    ///
    /// - Parameters:
    ///   - folders: The bundles.
    ///   - isDryRun: Whether only to check them and to say what would come in.
    ///   - cancellation: Stops between two groups of clips; what came in stays, whole.
    ///   - onProgress: Is told how far it is.
    ///   - onReport: Is told what became of a bundle when it is done.
    /// - Throws: `StoreError`: `.damaged`, `.newerFormat`, `.stranger` for a bundle, `.unknownReference` for a pack that
    ///   the library needs and does not have; `PackError`, `RequestError`, `InterruptedError`.
    public func importBundles(
        _ folders: [String],
        isDryRun: Bool = false,
        cancellation: Cancellation = Cancellation(),
        onProgress: (ImportProgress) -> Void = { _ in },
        onReport: (MergeReport) throws -> Void
    ) throws {
        let bundles = try folders.map { try ClipBundle(folder: $0) }
        let all = bundles.reduce(0) { $0 + $1.manifest.clipCount }
        let sources = try packSources(bundles)
        let shapes = try sources.mapValues { ClipShapes(try $0.pack().manifest) }
        var clips: [Set<ClipID>] = []
        var done = 0
        for bundle in bundles {
            clips.append(
                try verify(bundle, shapes, cancellation) { count in
                    done += count
                    onProgress(ImportProgress(step: .checking, done: done, all: all))
                }
            )
        }
        let documents = try zip(bundles, clips).map { try BundleDocuments($0, clips: $1) }
        done = 0
        var installed: Set<String> = []
        for (bundle, documents) in zip(bundles, documents) {
            var merge = LibraryMerge(
                into: self,
                from: bundle.folder,
                isDryRun: isDryRun,
                cancellation: cancellation
            )
            for needed in bundle.manifest.packs where installed.insert(needed.fingerprint).inserted
            {
                try cancellation.check()
                if case .folder(let folder)? = sources[needed.fingerprint] {
                    try merge.install(needed.name, from: folder)
                }
            }
            // Whatever stops it, what came in can be searched.
            defer { merge.updateIndexes() }
            for number in bundle.manifest.parts.indices {
                let part = try BundlePart(bundle, number, shapes: shapes)
                try bundle.forEachClip(of: number) { line, place in
                    try merge.add(try part.incoming(line, place))
                    done += 1
                    onProgress(ImportProgress(step: .adding, done: done, all: all))
                }
            }
            try merge.finish(
                compositions: documents.compositions,
                collections: documents.collections
            )
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

    /// Where a pack that clips need comes from.
    private enum PackSource {
        case library(LoadedPack)
        case folder(String)

        func pack() throws -> Pack {
            switch self {
            case .library(let loaded): loaded.pack
            case .folder(let folder): try Pack(folder: folder)
            }
        }
    }

    /// Finds every pack that the bundles need: in the library, or in one of them.
    private func packSources(_ bundles: [ClipBundle]) throws -> [String: PackSource] {
        let known = Set(try library.packs().map(\.fingerprint))
        var sources: [String: PackSource] = [:]
        for bundle in bundles {
            for needed in bundle.manifest.packs where needed.files != nil {
                let folder = try bundle.packFolder(needed)
                if !known.contains(needed.fingerprint) {
                    sources[needed.fingerprint] = .folder(folder)
                }
            }
        }
        for bundle in bundles {
            for needed in bundle.manifest.packs where sources[needed.fingerprint] == nil {
                guard known.contains(needed.fingerprint) else {
                    throw StoreError(
                        .unknownReference,
                        "bundle \"\(bundle.folder)\": its clips need pack \"\(needed.name)\" "
                            + "(\(needed.fingerprint.prefix(12))), which \"\(library.path)\" does not have; "
                            + "add it with vsdb pack add DIR, or export with --with-packs"
                    )
                }
                sources[needed.fingerprint] = .library(try pack(needed.fingerprint))
            }
        }
        return sources
    }
}

extension ClipBundle {
    /// The folder of a pack that is in the bundle, and is the one that it should be.
    fileprivate func packFolder(_ needed: BundleManifest.NeededPack) throws -> String {
        let folder = folder + "/" + BundleManifest.packFolder(needed.name)
        for file in needed.files ?? [] { try refuseLinks(file.path) }
        let pack: Pack
        do { pack = try Pack(folder: folder) } catch { throw damaged("\(error)") }
        let names = (needed.files ?? []).map { ($0.path as NSString).lastPathComponent }
        guard pack.fingerprint == needed.fingerprint, Set(pack.fileNames) == Set(names) else {
            throw damaged("packs/\(needed.name) is not the pack that it should be")
        }
        return folder
    }
}

extension BundlePart {
    /// A clip whose tensors are read when the library lacks it.
    fileprivate func incoming(_ line: BundleClip, _ place: String) throws -> IncomingClip {
        guard let id = ClipID(hex: line.id) else {
            throw bundle.damaged("\(place): \"\(line.id)\" is no id of a clip")
        }
        return IncomingClip(
            id: id,
            name: line.name,
            bare: line.bare,
            byteCount: line.assets.reduce(0) { $0 + (byteCount(of: $1.tensor) ?? 0) },
            whole: { try clip(line, place) }
        )
    }
}
