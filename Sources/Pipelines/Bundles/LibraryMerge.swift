internal import Packs
internal import Store

/// What a bundle, or another library, brought into a library.
public struct MergeReport: Sendable, Codable {
    /// A name that belongs to other content here.
    public struct Renamed: Sendable, Codable, Equatable {
        /// `clip`, `composition` or `pack`.
        public let kind: String
        /// What it is called there.
        public let old: String
        /// What it is called here; nil in a dry run, where the number is not known yet.
        public let new: String?
    }

    /// Where the clips came from.
    public let source: String
    /// Whether nothing was written.
    public let isDryRun: Bool
    /// How many clips came in.
    public var added = 0
    /// How many clips the library had already; they are as they were, but for tags and captions.
    public var known = 0
    /// The clips that it had, and that got tags or a caption.
    public var labelled = 0
    /// The packs that came in.
    public var packs: [String] = []
    /// The compositions that came in.
    public var compositions: [String] = []
    /// How many compositions it had already, by their hash.
    public var knownCompositions = 0
    /// The collections that were made, or got clips.
    public var collections: [String] = []
    /// What is called otherwise here than there.
    public var renamed: [Renamed] = []
    /// That the other library lost changes of its catalogue, so that clips may lack; nil if it did not.
    public internal(set) var warning: String?

    init(source: String, isDryRun: Bool) { (self.source, self.isDryRun) = (source, isDryRun) }
}

/// A clip that may come into a library.
struct IncomingClip {
    /// What it is known by, computed from what it is.
    let id: ClipID
    /// What it is called where it comes from.
    let name: String
    /// The clip without its tensors.
    let bare: NewClip
    /// Bytes of its tensors.
    let byteCount: Int
    /// The clip with its tensors, read when they are needed.
    let whole: () throws -> NewClip

    init(name: String, bare: NewClip, byteCount: Int, whole: @escaping () throws -> NewClip) {
        (self.name, self.bare, self.byteCount, self.whole) = (name, bare, byteCount, whole)
        id = bare.id
    }
}

/// What dry runs would have brought so far: it cannot be looked up in the library.
struct PlannedMerge {
    var clips: Set<ClipID> = []
    /// The hashes of recipes.
    var recipes: Set<String> = []
}

/// Takes clips over into a library, from wherever they come: group by group, each whole or not at all.
///
/// Whatever was interrupted can be done again: what came in before is known, and left as it is.
struct LibraryMerge {
    let session: Session
    private let cancellation: Cancellation
    private let run: IngestRunID?
    private(set) var report: MergeReport
    /// With that of earlier merges; empty if this one writes.
    private(set) var planned: PlannedMerge
    private var waiting: [IncomingClip] = []
    private var waitingBytes = 0
    /// The packs of clips that came in, whose indexes have to take them.
    private(set) var changedPacks: Set<String> = []

    /// Bytes of tensors that wait at most, unless one clip has more.
    private static let byteLimit = 64 << 20

    init(
        into session: Session,
        from source: String,
        isDryRun: Bool,
        run: IngestRunID? = nil,
        after planned: PlannedMerge,
        cancellation: Cancellation
    ) {
        (self.session, self.cancellation, self.planned) = (session, cancellation, planned)
        self.run = run
        report = MergeReport(source: source, isDryRun: isDryRun)
    }

    private var library: Library { session.library }

    /// Copies a pack that the library lacks, under its name or the next free one.
    mutating func install(_ pack: Pack, as name: String) throws {
        var free = name
        let taken = Set(try library.packs().map(\.name))
        var number = 2
        while taken.contains(free) {
            free = "\(ClipName.shortened(name))-\(number)"
            number += 1
        }
        if !report.isDryRun { _ = try session.add(pack, name: free) }
        report.packs.append(free)
        if free != name {
            report.renamed.append(.init(kind: "pack", old: name, new: free))
        }
    }

    /// Takes a clip; it comes in with its group.
    mutating func add(_ clip: IncomingClip) throws {
        if waitingBytes + clip.byteCount > Self.byteLimit { try flush() }
        waiting.append(clip)
        waitingBytes += clip.byteCount
        if waiting.count >= Library.groupLimit { try flush() }
    }

    /// Writes the clips that wait.
    mutating func flush() throws {
        let group = waiting
        (waiting, waitingBytes) = ([], 0)
        guard !group.isEmpty else { return }
        try cancellation.check()
        let ids = try library.known(group.map(\.id))
        guard !report.isDryRun else { return try plan(group, known: ids) }
        let fresh = group.filter { !ids.contains($0.id) }
        var known = group.filter { ids.contains($0.id) }
        let clips = try fresh.map {
            var clip = try $0.whole()
            guard clip.assets.contains(where: { $0.kind == .content }) else {
                throw StoreError(
                    .damaged,
                    "\"\(report.source)\": clip \"\(clip.name)\" has no content code; mend the library that it "
                        + "comes from with vsdb repair"
                )
            }
            clip.ingestRun = run
            return clip
        }
        for (clip, committed) in zip(fresh, try library.commit(clips)) {
            guard committed.isNew else {
                // Another process brought it since the ids were looked up.
                known.append(clip)
                continue
            }
            report.added += 1
            changedPacks.insert(clip.bare.packFingerprint)
            if committed.name != clip.name {
                report.renamed.append(.init(kind: "clip", old: clip.name, new: committed.name))
            }
        }
        report.known += known.count
        guard !known.isEmpty else { return }
        let labels = known.map {
            ClipLabels(id: $0.id, caption: $0.bare.caption, tags: $0.bare.tags)
        }
        report.labelled += try library.addLabels(labels).count
    }

    private mutating func plan(_ group: [IncomingClip], known: Set<ClipID>) throws {
        for clip in group {
            guard !known.contains(clip.id), planned.clips.insert(clip.id).inserted else {
                report.known += 1
                continue
            }
            report.added += 1
            if try library.name(for: clip.bare) != clip.name {
                report.renamed.append(.init(kind: "clip", old: clip.name, new: nil))
            }
        }
    }

    /// Writes the last group, then what is made of the clips.
    mutating func finish(
        compositions: [NewComposition],
        collections: [CollectedClips]
    ) throws {
        try flush()
        try cancellation.check()
        // Two names of one recipe come together, so that those of this merge are not among the planned ones.
        let unplanned = compositions.filter { !planned.recipes.contains($0.hash) }
        if report.isDryRun { planned.recipes.formUnion(unplanned.map(\.hash)) }
        let merged = try library.merge(
            compositions: unplanned,
            collections: collections,
            dryRun: report.isDryRun
        )
        report.compositions = merged.compositions
        report.knownCompositions = merged.knownCount + compositions.count - unplanned.count
        report.collections = merged.collections
        report.renamed += merged.renamed.map {
            .init(kind: "composition", old: $0.old, new: $0.new)
        }
    }
}
