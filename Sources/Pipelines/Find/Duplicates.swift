internal import Foundation
internal import Kernels
internal import Models
internal import Packs
internal import Search
internal import Store

extension Session {
    /// Finds clips that are the same; none is changed or removed.
    ///
    /// - Parameters:
    ///   - request: What is compared.
    ///   - cancellation: Stops between two clips.
    ///   - onProgress: Is told how many clips are done, and of how many.
    /// - Returns: The groups.
    /// - Throws: `RequestError`, `StoreError`, `PackError`, `InterruptedError`.
    public func duplicates(
        _ request: DuplicateRequest,
        cancellation: Cancellation = Cancellation(),
        onProgress: (Int, Int) -> Void = { _, _ in }
    ) throws -> DuplicateReport {
        if let threshold = request.threshold, !(0...1).contains(threshold) {
            throw RequestError("the least score of duplicates is \(threshold): give one in 0...1")
        }
        ThreadPool.prepareForScans()
        let pack = try pack(request.pack)
        var notes: [String] = []
        let comparison = try comparison(request, pack, cancellation) { notes.append($0) }
        let clips = comparison.assets
        let pictures = ComparedPictures(self, pack, request.basis)
        let search = DuplicateSearch(comparison.aspects.map(\.aspect))
        let found = try search.groups(
            method: request.isExact ? .exact : .standard,
            isSame: { try pictures.isSame(clips[$0], clips[$1]) },
            onItem: { done in
                try cancellation.check()
                onProgress(done, clips.count)
            }
        )
        let present = try library.clips(ofAssets: found.flatMap(\.items).map { clips[$0].number })
        let groups = found.compactMap { group -> DuplicateClips? in
            // A clip may have been removed meanwhile.
            let members = group.items.compactMap { present[clips[$0].number] }
            guard members.count > 1 else { return nil }
            func least(_ aspect: SearchAspect) -> Double? {
                comparison.aspects.firstIndex { $0.name == aspect }
                    .flatMap { group.least[$0] }.map { Double($0) }
            }
            return DuplicateClips(
                clips: KeepingOrder.sorted(members),
                leastMotion: least(.motion),
                leastContent: least(.content)
            )
        }
        func threshold(_ aspect: SearchAspect) -> Double? {
            comparison.aspects.first { $0.name == aspect }.map { Double($0.aspect.threshold) }
        }
        return DuplicateReport(
            groups: groups,
            pack: pack.manifest.name,
            clipCount: clips.count - comparison.leftOut,
            stillCount: comparison.still,
            motionThreshold: threshold(.motion),
            contentThreshold: threshold(.content),
            notes: notes
        )
    }

    /// All that is compared.
    private struct Comparison {
        var assets: [IndexedAsset]
        var aspects: [(name: SearchAspect, aspect: DuplicateAspect)] = []
        /// Clips that do not move.
        var still = 0
        /// Clips of which nothing that was asked for is known.
        var leftOut = 0
    }

    private func comparison(
        _ request: DuplicateRequest,
        _ pack: LoadedPack,
        _ cancellation: Cancellation,
        onNote: @escaping (String) -> Void
    ) throws -> Comparison {
        func compared(_ aspect: SearchAspect) throws -> ComparedClips {
            let source = LibraryIndex(
                self,
                pack,
                aspect,
                cancellation: cancellation,
                onNote: onNote
            )
            return try ComparedClips(source, request.filter)
        }
        let basis = request.basis
        func threshold(_ standard: Double) -> Float { Float(request.threshold ?? standard) }
        guard basis != .motion else {
            let motion = try compared(.motion)
            let motions = try ClipMotions(motion.source, motion.assets)
            let moves = motion.assets.map { motions.moves($0.clip) }
            var result = Comparison(assets: motion.assets)
            result.still = moves.count { !$0 }
            result.leftOut = result.still
            let aspect = DuplicateAspect(
                motion.index,
                threshold: threshold(basis.thresholds.motion),
                rows: zip(motion.rows, moves).map { $1 ? $0 : nil },
                weights: motion.assets.map { motions.weights[$0.clip] }
            )
            result.aspects.append((.motion, aspect))
            return result
        }
        let content = try compared(.content)
        var result = Comparison(assets: content.assets)
        let aspect = DuplicateAspect(
            content.index,
            threshold: threshold(basis.thresholds.content),
            rows: content.rows
        )
        result.aspects.append((.content, aspect))
        guard basis == .both else { return result }
        guard pack.manifest.dynamics != nil else {
            onNote(
                "pack \(pack.manifest.name) has no dynamics: clips were compared by content alone"
            )
            return result
        }
        let motion = try compared(.motion)
        let motions = try ClipMotions(motion.source, motion.assets)
        let rows = Dictionary(
            zip(motion.assets.map(\.clip), motion.rows),
            uniquingKeysWith: { first, _ in first }
        )
        let silent = content.assets.indices.filter { !motions.moves(content.assets[$0].clip) }
        result.still = silent.count
        let second = DuplicateAspect(
            motion.index,
            threshold: threshold(basis.thresholds.motion),
            rows: content.assets.map { rows[$0.clip] },
            silent: silent,
            weights: content.assets.map { motions.weights[$0.clip] }
        )
        result.aspects.append((.motion, second))
        return result
    }
}

/// The pictures of clips that may be the same, read when they are asked for.
private final class ComparedPictures {
    /// Clips whose pictures are kept.
    private static let limit = 2_000

    private let session: Session
    private let basis: DuplicateRequest.Basis
    private let pack: LoadedPack
    /// Nil for a clip that has none.
    private var known: [ClipID: ClipPictures?] = [:]

    init(_ session: Session, _ pack: LoadedPack, _ basis: DuplicateRequest.Basis) {
        (self.session, self.pack, self.basis) = (session, pack, basis)
    }

    /// Whether pictures allow what the descriptors say; they do if there are none.
    ///
    /// One aspect alone does not ask for the same pictures, but where both clips are partly blank it compares blanks.
    func isSame(_ a: IndexedAsset, _ b: IndexedAsset) throws -> Bool {
        guard let first = try pictures(a), let second = try pictures(b) else { return true }
        guard basis != .both else { return PictureAgreement.isSame(first, second) }
        return !(first.isPartlyBlank && second.isPartlyBlank)
            || PictureAgreement.looksSame(first, second)
    }

    private func pictures(_ asset: IndexedAsset) throws -> ClipPictures? {
        if let found = known[asset.clip] { return found }
        if known.count >= Self.limit { known.removeAll() }
        let stored = try session.storedPictures(of: asset.clip, pack)
        let pictures = stored.isEmpty ? nil : ClipPictures(stored, duration: asset.duration)
        known[asset.clip] = .some(pictures)
        return pictures
    }
}

/// Which of several copies is the one to keep.
enum KeepingOrder {
    /// Lengths that differ by a smaller share count as the same.
    private static let lengthShare = 0.9

    private struct Picture: Decodable {
        let width: Int?
        let height: Int?
    }

    /// First the best copy: as long as the longest, of those the largest picture, of those the earliest; then the others, the
    /// earliest first.
    static func sorted(_ clips: [Clip]) -> [Clip] {
        let earliest = clips.sorted { ($0.added, $0.name) < ($1.added, $1.name) }
        let longest = clips.map(\.duration).max() ?? 0
        let long = earliest.indices.filter {
            earliest[$0].duration >= Self.lengthShare * longest
        }
        let sizes = earliest.map(pixels)
        // The first of equal ones.
        guard let best = long.max(by: { (sizes[$0], $1) < (sizes[$1], $0) }) else { return [] }
        var rest = earliest
        return [rest.remove(at: best)] + rest
    }

    private static func pixels(_ clip: Clip) -> Int {
        let json = Data(clip.source.containerJSON.utf8)
        // A source of unknown size, as one that was drawn, is as good as the smallest.
        let picture = try? JSONDecoder().decode(Picture.self, from: json)
        return (picture?.width ?? 0) * (picture?.height ?? 0)
    }
}
