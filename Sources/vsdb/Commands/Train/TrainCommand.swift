import ArgumentParser

/// `vsdb train`.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train networks: a pack of your own, or a better one.",
        discussion: """
            A pack for a new domain is trained in three parts, from a folder of aligned clips with \
            captions: CLIP, the autoencoder (generator and content encoder), and the dynamics with \
            the conditional model, which needs a pack with the other two and a library of clips. \
            Each runs in a folder of its own, which holds its curves, sheets, checkpoints and the \
            pack so far. Ctrl-C saves; --resume goes on bit for bit.

              vsdb train clip clips/ -o runs/clip
              vsdb train autoencoder clips/ -o runs/autoencoder
              vsdb train dynamics --pack people -o runs/dynamics
            """,
        subcommands: [
            TrainCLIPCommand.self, TrainAutoencoderCommand.self, TrainDynamicsCommand.self,
        ]
    )
}
