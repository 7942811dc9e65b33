import ArgumentParser

/// `vsdb weights`.
struct WeightsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights",
        abstract: "Look into files of weights before making a pack of them.",
        discussion: """
              vsdb weights inspect vidstyleode.ckpt
              vsdb weights verify psp_ffhq.pt
            """,
        subcommands: [WeightsInspectCommand.self, WeightsVerifyCommand.self]
    )
}

/// A command that reads a checkpoint and needs no library.
protocol CheckpointCommand: ParsableCommand {
    var shared: MessageOptions { get }
}
