import ArgumentParser
import Packs

/// `vsdb weights inspect`.
struct WeightsInspectCommand: CheckpointCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show a checkpoint's format, networks and tensors; nothing in it runs.",
        usage: """
            vsdb weights inspect <file> [--all] [--json] [<options>]
            """,
        discussion: """
            Networks are found by their tensors, under any prefix. Sizes are read off the \
            tensors; keys that no tensor tells are listed with the default that a pack would \
            take, or with the option that must state them.

              vsdb weights inspect vidstyleode.ckpt
              vsdb weights inspect stylegan-human.pkl --all
              vsdb weights inspect ViT-B-32.pt --json
            """
    )

    @Argument(
        help: ArgumentHelp("The file, or a Hugging Face folder.", valueName: "file"),
        completion: .file()
    )
    var path: String

    @Flag(help: "List every tensor.")
    var all = false

    @OptionGroup var shared: MessageOptions

    /// How long a list may be before it is shortened.
    private static let shortLength = 12

    func run() throws {
        let record = CheckpointRecord(try recognise(path))
        guard !shared.json else {
            return try shared.console.print(JSONOutput.document(record))
        }
        try shared.console.printFacts([
            ("file", record.path),
            ("format", Wording.format(record.format)),
            ("size", Wording.bytes(record.bytes)),
            ("tensors", record.tensors.isEmpty ? "none" : sizes(record)),
        ])
        try printNetworks(record)
        try printUnknown(record)
        try printTensors(record)
    }

    /// How many tensors there are and how much they hold.
    private func sizes(_ record: CheckpointRecord) -> String {
        let total = record.tensors.reduce(0) { $0 + $1.bytes }
        return "\(record.tensors.count), \(Wording.bytes(total)) (\(dtypes(record)))"
    }

    /// Element types with their counts.
    private func dtypes(_ record: CheckpointRecord) -> String {
        Dictionary(grouping: record.tensors, by: \.dtype)
            .sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value.count)" }
            .joined(separator: ", ")
    }

    private func printNetworks(_ record: CheckpointRecord) throws {
        try shared.console.print("")
        guard !record.networks.isEmpty else {
            return try shared.console.print("no network that vsdb knows")
        }
        var table = TextTable([
            .left("NETWORK"), .cut("PREFIX", to: 12), .right("TENSORS"), .cut("WHAT", to: 20),
        ])
        for network in record.networks {
            table.add([
                network.kind.rawValue,
                network.prefix + (network.isPreferred ? "" : " (not taken)"),
                String(network.tensorCount),
                network.summary,
            ])
        }
        try shared.console.printTable(table)
        var facts: [(name: String, value: String)] = []
        for network in record.networks where network.isPreferred && network.isUsable {
            for key in network.assumed.leafKeys {
                let value = network.assumed[key]?.text ?? ""
                facts.append(("\(network.kind.rawValue).\(key)", "assumed \(value)"))
            }
            for open in network.open {
                facts.append((open.key, "to be stated with \(open.option): \(open.meaning)"))
            }
        }
        guard !facts.isEmpty else { return }
        try shared.console.print("")
        try shared.console.printFacts(facts)
    }

    private func printUnknown(_ record: CheckpointRecord) throws {
        var facts = record.remarks.map { (name: "remark", value: $0) }
        if !record.placeholders.isEmpty {
            facts.append(("inert", shortened(record.placeholders)))
        }
        let unread = isWhole ? record.unread[...] : record.unread.prefix(Self.shortLength)
        for tensor in unread {
            facts.append(("tensor", "\(tensor.name), not read: \(tensor.type)"))
        }
        if unread.count < record.unread.count {
            let rest = record.unread.count - unread.count
            facts.append(("", "and \(rest) more not read; --all lists them"))
        }
        if !record.unrecognised.isEmpty {
            let names = shortened(record.unrecognised)
            let count = Wording.count(record.unrecognised.count, "tensor")
            facts.append(("no network's", "\(count): \(names)"))
        }
        guard !facts.isEmpty else { return }
        try shared.console.print("")
        try shared.console.printFacts(facts)
    }

    private var isWhole: Bool { all || shared.verbose }

    private func shortened(_ names: [String]) -> String {
        let shown = isWhole ? names[...] : names.prefix(Self.shortLength / 2)
        let rest = names.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func printTensors(_ record: CheckpointRecord) throws {
        guard !record.tensors.isEmpty else { return }
        var table = TextTable([
            .cut("TENSOR", to: 24), .left("DTYPE"), .left("SHAPE"), .right("BYTES"),
            .left("NETWORK"),
        ])
        let shown = isWhole ? record.tensors[...] : record.tensors.prefix(Self.shortLength)
        for tensor in shown {
            table.add([
                tensor.name, tensor.dtype, Wording.shape(tensor.shape), String(tensor.bytes),
                tensor.network?.rawValue ?? "-",
            ])
        }
        try shared.console.print("")
        try shared.console.printTable(table)
        let rest = record.tensors.count - shown.count
        guard rest > 0 else { return }
        let noun = rest == 1 ? "tensor" : "tensors"
        shared.console.note("and \(rest) more \(noun); --all lists them")
    }
}

extension Wording {
    /// A format as people call it.
    static func format(_ format: CheckpointFile.Format) -> String {
        switch format {
        case .safetensors: "safetensors"
        case .torchArchive: "PyTorch archive (zip)"
        case .torchScript: "TorchScript archive (zip)"
        case .legacyTorch: "PyTorch file of before version 1.6"
        case .pickle: "pickle with its tensors inside"
        case .huggingFaceFolder: "Hugging Face folder"
        }
    }
}
