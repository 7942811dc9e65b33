import ArgumentParser
import Foundation
import Packs
import Pipelines
import Store
import Tensors

/// `vsdb pack create`.
struct PackCreateCommand: LibraryCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a pack from checkpoints as they are published.",
        usage: """
            vsdb pack create <name> [<checkpoint> ...] [--generator <file>]
                [--encoder <file>] [--clip <file>] [--dynamics <file>] [<options>]
            """,
        discussion: """
            Reads safetensors, PyTorch, NVIDIA, TorchScript and Hugging Face files without \
            running anything in them, and finds networks by their tensors, never by file names. \
            Sizes come from the tensors. What no tensor tells comes from the checkpoint's own \
            options, from the options here, from --config, or from a default that is said; \
            without one the error names the option to give.

            A file named for a network (--clip F) wins over files without an option. A network \
            that two of those hold is refused until an option names the file to take. What was \
            there and not taken is said.

            The pack is added to the library, or written to the folder of --output. It is there \
            complete or not at all. A pack without a network can do less, and it says what.

              vsdb pack create fashion vidstyleode.ckpt --encoder psp.pt --clip ViT-B-32.pt
              vsdb pack create faces --generator ffhq.pkl -o faces-pack
              vsdb pack create faces --encoder psp_ffhq.pt --licence "CC BY-NC-SA 4.0"
            """
    )

    @Argument(help: ArgumentHelp("What the pack is called.", valueName: "name"))
    var name: String

    @OptionGroup var sources: PackSourceOptions
    @OptionGroup var values: PackValueOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write a pack folder instead; it must not be there.", valueName: "dir"),
        completion: .directory
    )
    var output: String?

    @Flag(name: .customLong("default"), help: "Use it whenever no pack is named.")
    var makesDefault = false

    @OptionGroup var shared: SharedOptions

    private struct Output: Encodable {
        struct Network: Encodable {
            let kind: NetworkKind
            let file: String
            let prefix: String
            let summary: String
        }

        let name: String
        let fingerprint: String
        let folder: String
        let isNew: Bool
        let repaired: [String]
        let abilities: Pack.Abilities
        let networks: [Network]
        let notes: [String]
        let warnings: [String]
    }

    func validate() throws {
        guard output == nil || !makesDefault else {
            throw ValidationError("--default belongs to a library, --output to none")
        }
        guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), name.utf8.count <= 100
        else { throw ValidationError("\"\(name)\" cannot be a pack's name: it names a folder") }
    }

    func run() throws {
        let cancellation = Interruption.install()
        let session = output == nil ? try shared.openSession() : nil
        if let output { try PackPlan.requirePlace(output) }
        let plan = try PackPlan(request)
        for part in plan.parts { shared.console.note(part.text.withoutControls) }
        for note in plan.notes { shared.console.note(note.withoutControls) }
        for warning in plan.warnings { shared.console.warning(warning.withoutControls) }
        let step: (String) throws -> Void = { tensor in
            try cancellation.check()
            shared.console.detail("writing \(tensor.withoutControls)")
        }
        guard let session else {
            let pack = try plan.write(to: output ?? name, step: step)
            return try tell(pack, plan, isNew: true, repaired: [])
        }
        let made = try session.createPack(plan, makesDefault: makesDefault, step: step)
        let pack = try session.pack(made.record.name).pack
        try tell(pack, plan, isNew: made.isNew, repaired: made.repaired)
    }

    private var request: PackRequest {
        var request = PackRequest(name: name, maker: VSDB.configuration.version)
        request.checkpoints = sources.checkpoints
        request.files = sources.files
        request.omitted = Set(sources.without.map(\.kind))
        request.tokenizer = sources.tokenizer
        request.config = values.config
        request.videoLength = values.videoLength
        request.values = values.tree
        return request
    }

    private func tell(_ pack: Pack, _ plan: PackPlan, isNew: Bool, repaired: [String]) throws {
        guard !shared.json else {
            let networks = plan.parts.map { part in
                Output.Network(
                    kind: part.network.kind,
                    file: part.recognition.file.path,
                    prefix: part.network.prefix,
                    summary: part.network.summary
                )
            }
            let output = Output(
                name: pack.manifest.name,
                fingerprint: pack.fingerprint,
                folder: pack.folder,
                isNew: isNew,
                repaired: repaired,
                abilities: pack.abilities,
                networks: networks,
                notes: plan.notes,
                warnings: plan.warnings
            )
            return try shared.console.print(JSONOutput.document(output))
        }
        if output == nil {
            try shared.console.report("\(pack.manifest.name)  \(pack.fingerprint.prefix(12))")
            shared.console.note(isNew ? "made and added" : Wording.known(repaired: repaired))
        } else {
            try shared.console.report(pack.folder)
            shared.console.note("add it to a library with: vsdb pack add \(pack.folder)")
        }
    }
}
