import ArgumentParser

/// `vsdb pack`.
struct PackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Manage packs: the weights that clips are encoded and rendered with.",
        discussion: """
              vsdb pack add Samples/packs/paper-doll
              vsdb pack create faces --encoder psp_ffhq.pt --clip ViT-B-32.pt
              vsdb pack list
              vsdb pack show paper-doll
              vsdb pack verify
              vsdb pack calibrate
            """,
        subcommands: [
            PackAddCommand.self, PackCreateCommand.self, PackListCommand.self,
            PackShowCommand.self, PackVerifyCommand.self, PackCalibrateCommand.self,
        ]
    )
}
