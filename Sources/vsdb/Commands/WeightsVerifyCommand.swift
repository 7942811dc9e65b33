import ArgumentParser
import Packs
import Tensors

/// `vsdb weights verify`.
struct WeightsVerifyCommand: CheckpointCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a checkpoint's tensors against what its networks need.",
        usage: """
            vsdb weights verify <file> [--network <network>] [<options>]
            """,
        discussion: """
            Every tensor that a recognised network reads is looked up: its name, its shape, and \
            that it holds neither NaN nor infinity. All that is wrong is listed, not the first. \
            Tensors that no network reads are named too, but are no fault.

              vsdb weights verify vidstyleode.ckpt
              vsdb weights verify psp_ffhq.pt --network encoder
            """
    )

    @Argument(
        help: ArgumentHelp("The file, or a Hugging Face folder.", valueName: "file"),
        completion: .file()
    )
    var path: String

    @Option(help: ArgumentHelp("Only this network; it must be there.", valueName: "network"))
    var network: NetworkArgument?

    @OptionGroup var shared: MessageOptions

    private struct Output: Encodable {
        let kind: NetworkKind
        let prefix: String
        let summary: String
        let isSound: Bool
        let tensorCount: Int
        @OrNull var problem: String?
        let findings: [WeightCheck.Finding]
        let unused: [String]
    }

    func run() throws {
        let recognition = try recognise(path)
        let kind = network?.kind
        let networks = recognition.networks.filter {
            $0.isPreferred && (kind == nil || $0.kind == kind)
        }
        guard !networks.isEmpty else {
            let remarks = recognition.remarks.map { "; \($0)" }.joined()
            throw PackError(
                .weightsMismatch,
                "checkpoint \"\(path)\": it holds \(recognition.contents)"
                    + (kind.map { ", not \($0.title)" } ?? "") + remarks.withoutControls
            )
        }
        let outputs = networks.map { network in
            let check = WeightCheck(network, in: recognition)
            return Output(
                kind: network.kind,
                prefix: network.prefix,
                summary: network.summary,
                isSound: network.problem == nil && check.findings.isEmpty,
                tensorCount: check.tensorCount,
                problem: network.problem,
                findings: check.findings,
                unused: check.unused
            )
        }
        if shared.json {
            try shared.console.print(JSONOutput.document(outputs))
        } else {
            for output in outputs { try tell(output) }
        }
        if outputs.contains(where: { !$0.isSound }) { throw ExitStatus.weightsMismatch }
    }

    private func tell(_ output: Output) throws {
        let console = shared.console
        let word =
            output.isSound
            ? console.styled("sound", .success) : console.styled("not sound", .error)
        let summary = output.summary.withoutControls
        try console.print("\(output.kind.rawValue)  \(word)  \(summary)")
        for finding in output.findings { try console.print("  \(finding.text.withoutControls)") }
        guard !output.unused.isEmpty else { return }
        let names = shared.verbose ? output.unused[...] : output.unused.prefix(3)
        let rest = output.unused.count - names.count
        let text =
            "\(output.kind.rawValue): \(Wording.count(output.unused.count, "tensor")) under "
            + "\"\(output.prefix)\" not used: \(names.joined(separator: ", "))"
            + (rest > 0 ? " and \(rest) more (-v lists them)" : "")
        console.note(text.withoutControls)
    }
}
