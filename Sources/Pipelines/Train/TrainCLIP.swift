internal import Foundation
internal import Hashing
internal import Kernels
public import Media
internal import Models
internal import Packs
internal import Tensors
public import Training

extension FolderTrainingRequest<CLIPTrainingConfig> {
    /// Trains until the last step or until it is asked to stop.
    ///
    /// At every checkpoint `RUN/clip` gets the averaged weights, the vocabulary and `clip.json`; see `CLIPFolder`.
    ///
    /// - Parameters:
    ///   - cancellation: The request to stop.
    ///   - reading: Clips read, of how many.
    ///   - told: Is told what is left out, and why.
    ///   - began: Is told once what is trained on.
    ///   - progress: Is told of every line of the log.
    ///   - measured: Is told what every checkpoint was measured by.
    /// - Returns: What became of it.
    /// - Throws: `TrainingError`, `RequestError`, `InterruptedError`.
    public func run(
        cancellation: Cancellation,
        reading: (Int, Int) -> Void,
        told: (String) -> Void,
        began: (String) -> Void,
        progress: (TrainingProgress) throws -> Void,
        measured: (CheckpointMeasures) throws -> Void
    ) throws -> TrainingReport {
        try config.validate()
        ThreadPool.prepareForTraining()
        let found = try pictures(
            height: config.imageSize,
            width: config.imageSize,
            cancellation: cancellation,
            reading: reading
        )
        for reason in found.skipped { told("skipped: \(reason)") }
        let task = try CLIPTask(config, pictures: found.pictures)
        let clips = task.clips
        let without = found.pictures.clips.count - clips.training.count - clips.validation.count
        if without > 0 { told("\(without.counted("clip")) without a caption left out") }
        began(
            "\(clips.training.count) clips with \(clips.captionCount) different captions to train on, "
                + "\(clips.validation.count) held out; \(clips.vocabulary.vocabularyCount) tokens, "
                + "\(task.parameters.count) parameters"
        )
        let folder = CLIPFolder(path: run + "/clip")
        return try TrainingRun(
            folder: run,
            title: "CLIP",
            config: config.run,
            document: config
        ).run(
            task,
            resumes: resumes,
            identity: clips.identity,
            cancellation: cancellation,
            progress: progress,
            export: { trainer in
                try folder.write(
                    trainer.averaged,
                    config: task.networkConfig,
                    vocabulary: clips.vocabulary
                )
                if let newest = trainer.measurements.last, newest.step == trainer.stepsDone {
                    try measured(newest)
                }
            }
        )
    }
}

/// A folder with a trained CLIP, of which a pack is made.
///
///     clip.safetensors    the weights in the openAI layout, float32
///     vocab.json          the symbols and their numbers
///     merges.txt          the merges
///     clip.json           the object that `pack.json` has under the key `clip`
public struct CLIPFolder {
    private let path: String

    /// Names the folder.
    public init(path: String) { self.path = path }

    /// Writes the folder anew; it appears complete, in place of the old one.
    ///
    /// - Parameters:
    ///   - tensors: The weights, openAI layout.
    ///   - config: The sizes.
    ///   - vocabulary: What captions were encoded with.
    /// - Throws: `TrainingError`, `.cannotWrite`.
    func write(
        _ tensors: [String: RawTensor],
        config: CLIPConfig,
        vocabulary: BytePairTrainer
    ) throws {
        let files = FileManager.default
        let draft = path + ".partial"
        do {
            // Left by a run that was killed; if they are there and stay, what follows says so.
            try? files.removeItem(atPath: draft)
            try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
            func write(_ data: Data, _ name: String) throws -> String {
                try data.write(to: URL(fileURLWithPath: draft + "/" + name))
                return SHA256.digest(data).hex
            }
            let weights = try SafetensorsFile.encode(tensors)
            let object = PackManifest.CLIPNetwork(
                weights: PackManifest.WeightFile(
                    path: "clip.safetensors",
                    sha256: try write(weights, "clip.safetensors"),
                    prefix: ""
                ),
                config: config,
                vocabulary: PackManifest.TextFile(
                    path: "vocab.json",
                    sha256: try write(vocabulary.vocabularyFile, "vocab.json")
                ),
                merges: PackManifest.TextFile(
                    path: "merges.txt",
                    sha256: try write(vocabulary.mergesFile, "merges.txt")
                )
            )
            _ = try write(JSONEncoder.forDocuments.encode(object) + Data("\n".utf8), "clip.json")
            let old = path + ".old"
            try? files.removeItem(atPath: old)
            if files.fileExists(atPath: path) { try files.moveItem(atPath: path, toPath: old) }
            try files.moveItem(atPath: draft, toPath: path)
            // The new folder stands; an old one that stays is removed by the next checkpoint.
            try? files.removeItem(atPath: old)
        } catch {
            throw TrainingError(
                .cannotWrite,
                "\"\(path)\" could not be written: \(error.localizedDescription)"
            )
        }
    }
}

extension CLIPTask: ShownTraining {
    /// Frames that were not trained on, their captions and what they were given.
    public func sheet() -> [ContactSheet.Row] {
        let rows = 12
        let shown = Array(matches.prefix(rows))
        guard !shown.isEmpty else { return [] }
        let frames = frames(of: shown.map(\.clip)).channelsFirst
        return shown.enumerated().map { place, match in
            ContactSheet.Row(
                label: match.isRight
                    ? "right: \(match.clip.caption)"
                    : "wrong: \(match.nearest) — its own: \(match.clip.caption)",
                images: [RGBImage(frames[place], .minusOneToOne)]
            )
        }
    }
}
