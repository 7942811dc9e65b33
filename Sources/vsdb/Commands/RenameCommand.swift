import ArgumentParser
import Store
import Tensors

/// `vsdb rename`.
struct RenameCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a clip, a saved composition or a collection another name.",
        usage: """
            vsdb rename <ref> <name> [<options>]
            vsdb rename (--composition | --collection) <ref> <name> [<options>]
            """,
        discussion: """
            The name of a cut film renames all its segments, which keep their ranges; a segment's \
            own name only that one. Saved compositions find their clips by id, whatever they are \
            called. Names have no @ and no /.

              vsdb rename figure00 anna
              vsdb rename walk@2s-4s jump
              vsdb rename --composition anna-walks first-try
              vsdb rename --collection reel trailer
            """
    )

    @Argument(help: ArgumentHelp("What to rename.", valueName: "ref"))
    var reference: String

    @Argument(help: ArgumentHelp("The new name.", valueName: "name"))
    var name: String

    @Flag(help: "The reference is a saved composition.")
    var composition = false

    @Flag(help: "The reference is a collection.")
    var collection = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        struct Pair: Encodable {
            let old: String
            let new: String
        }

        let renamed: [Pair]
    }

    func validate() throws {
        guard !(composition && collection) else {
            throw ValidationError("--composition and --collection exclude each other")
        }
    }

    func run() throws {
        let library = try shared.openLibrary()
        let shadowed = try self.shadowed(library)
        let renamed: [Renaming] =
            if composition {
                try library.renameComposition(reference, to: name).map { [$0] } ?? []
            } else if collection {
                try library.renameCollection(reference, to: name).map { [$0] } ?? []
            } else {
                try library.renameClip(reference, to: name)
            }
        guard !shared.json else {
            let pairs = renamed.map { Output.Pair(old: $0.old, new: $0.new) }
            try shared.console.print(JSONOutput.document(Output(renamed: pairs)))
            return
        }
        if renamed.isEmpty { shared.console.note("\(reference) is called \(name) already") }
        for pair in renamed {
            try shared.console.report("renamed \(pair.old) to \(pair.new)".withoutControls)
        }
        if !renamed.isEmpty, let shadowed { shared.console.note(shadowed.withoutControls) }
    }

    /// What else the new name means, before it is given; nil if nothing.
    ///
    /// It is a note only: what keeps a name from being looked up keeps it from being given too, and is said then.
    private func shadowed(_ library: Library) throws -> String? {
        guard !collection else { return nil }
        if composition {
            // Only whether there is one is asked.
            guard (try? library.resolve(name)) != nil else { return nil }
            return
                "there is a clip \(name) too, which show and similar take first; --composition means "
                + "this one"
        }
        if let other = try? library.composition(name), other.name == name {
            return "there is a composition \(name) too; show and similar now take the clip, "
                + "show --composition the other"
        }
        guard let other = try? library.resolve(name).clip, other.baseName != name else {
            return nil
        }
        return
            "\(name) was the first digits of the id of \(other.name); it now means this clip, more digits "
            + "the other"
    }
}
