import ArgumentParser
import Pipelines
import Store
import Tensors

/// `vsdb remove`.
struct RemoveCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove clips, or saved compositions, and free their room.",
        usage: """
            vsdb remove <ref> ... [--force] [<options>]
            vsdb remove --where <condition> [--force] [<options>]
            vsdb remove --composition <ref> ... [<options>]
            """,
        discussion: """
            All or none are removed. A clip that a saved composition uses stays, unless --force \
            is given. The source files are never touched. The room of the tensors is free for \
            the next clips; vsdb compact gives it back to the disk.

              vsdb remove anna walk
              vsdb remove 3fa9 --force
              vsdb remove --where 'tag = draft and duration < 1s'
              vsdb remove --composition anna-walks
            """
    )

    @Argument(help: ArgumentHelp("Names, or the first digits of ids.", valueName: "ref"))
    var references: [String] = []

    @OptionGroup var filter: FilterOption

    @Flag(help: "The references are saved compositions.")
    var composition = false

    @Flag(help: "Remove clips that saved compositions use.")
    var force = false

    @Flag(help: "Leave the tensors to a later removal, which is faster for many calls in a row.")
    var keepTensors = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        let removed: [String]
        let brokenCompositions: [String]
        let freedTensors: Int
        let freedBytes: Int
    }

    func validate() throws {
        guard !composition || filter.condition == nil else {
            throw ValidationError("--where chooses clips, not compositions")
        }
        try ClipSelection.check(references.isEmpty, filter)
        guard !composition || !(force || keepTensors) else {
            throw ValidationError("--force and --keep-tensors fit clips, not --composition")
        }
    }

    func run() throws {
        // A condition that cannot be read is told before anything is opened.
        let expression = try filter.expression()
        let session = try shared.openSession()
        let output =
            composition
            ? try removeCompositions(session.library) : try removeClips(session, expression)
        guard !shared.json else {
            try shared.console.print(JSONOutput.document(output))
            return
        }
        for name in output.removed { try shared.console.report("removed \(name)".withoutControls) }
        for name in output.brokenCompositions {
            shared.console.warning("composition \(name) lost a clip and cannot be rendered again")
        }
        if output.freedTensors > 0 {
            let tensors = Wording.count(output.freedTensors, "tensor")
            shared.console.note(
                "freed \(tensors), \(Wording.bytes(output.freedBytes)), for the next clips; vsdb compact gives "
                    + "room back to the disk"
            )
        }
    }

    private func removeClips(
        _ session: Session,
        _ expression: FilterExpression?
    ) throws -> Output {
        let library = session.library
        var clips: [Clip] = []
        if let expression {
            var conditions = ClipFilter()
            conditions.expression = expression
            clips = try library.clips(conditions)
            if clips.isEmpty { shared.console.note("no clip meets the condition") }
        }
        for reference in references {
            let found = try library.resolve(reference)
            guard !found.namesTimes else {
                throw ValidationError(
                    "\"\(reference)\": a clip is removed whole; leave the times away"
                )
            }
            if !clips.contains(where: { $0.id == found.clip.id }) { clips.append(found.clip) }
        }
        let report = try library.remove(clips.map(\.id), force: force)
        session.updateIndexes(ofPacks: Set(clips.map(\.packFingerprint)))
        let freed = keepTensors ? nil : try collect(library)
        return Output(
            removed: clips.map(\.name),
            brokenCompositions: report.brokenCompositions,
            freedTensors: freed?.tensorCount ?? 0,
            freedBytes: freed?.byteCount ?? 0
        )
    }

    /// Frees the room, unless a backup under way needs what lies there, or the disk is too full even for
    /// that: the clips are removed all the same.
    private func collect(_ library: Library) throws -> CollectionReport? {
        guard library.warning == nil else {
            shared.console.note(
                "the tensors stay, and vsdb repair brings the clips back with what was lost: remove them again then"
            )
            return nil
        }
        do throws(StoreError) {
            return try library.collectGarbage()
        } catch {
            guard error.kind == .locked || error.kind == .noSpace else { throw error }
            shared.console.note("the tensors stay until vsdb gc: \(error)")
            return nil
        }
    }

    private func removeCompositions(_ library: Library) throws -> Output {
        // Every name is looked up before the first one goes.
        var names: [String] = []
        for reference in references {
            let name = try library.composition(reference).name
            if !names.contains(name) { names.append(name) }
        }
        for name in names { try library.removeComposition(name) }
        return Output(removed: names, brokenCompositions: [], freedTensors: 0, freedBytes: 0)
    }
}
