import ArgumentParser
import Foundation
import Packs

/// Which files a new pack is made of.
struct PackSourceOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Checkpoints that bring every network that they hold.",
            valueName: "checkpoint"
        ),
        completion: .file()
    )
    var checkpoints: [String] = []

    @Option(
        help: ArgumentHelp("StyleGAN2, of rosinality or NVIDIA.", valueName: "file"),
        completion: .file()
    )
    var generator: String?

    @Option(
        help: ArgumentHelp(
            "A pSp encoder; its decoder is the generator if no other is given.",
            valueName: "file"
        ),
        completion: .file()
    )
    var encoder: String?

    @Option(
        help: ArgumentHelp("CLIP, of OpenAI or a Hugging Face folder.", valueName: "file"),
        completion: .file()
    )
    var clip: String?

    @Option(
        help: ArgumentHelp(
            "A VidStyleODE checkpoint; brings all that it holds.",
            valueName: "file"
        ),
        completion: .file()
    )
    var dynamics: String?

    @Option(
        help: ArgumentHelp("A DINO transformer, for training.", valueName: "file"),
        completion: .file()
    )
    var dino: String?

    @Option(
        help: ArgumentHelp(
            "CLIP's vocabulary: a folder with vocab.json and merges.txt, or a file of merges, gzip too.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "Leave a network out even if a file has it; repeatable.",
            valueName: "network"
        )
    )
    var without: [NetworkArgument] = []

    mutating func validate() throws {
        guard !checkpoints.isEmpty || !files.isEmpty else {
            throw ValidationError(
                "give at least one checkpoint, as in: vsdb pack create NAME vidstyleode.ckpt"
            )
        }
        for kind in without where files[kind.kind] != nil {
            throw ValidationError(
                "--\(kind.rawValue) and --without \(kind.rawValue) exclude each other"
            )
        }
    }

    /// The files by the network that they are given for.
    var files: [NetworkKind: String] {
        let pairs: [(NetworkKind, String?)] = [
            (.generator, generator), (.encoder, encoder), (.clip, clip), (.dynamics, dynamics),
            (.dino, dino),
        ]
        return Dictionary(
            uniqueKeysWithValues: pairs.compactMap { kind, path in path.map { (kind, $0) } }
        )
    }
}
