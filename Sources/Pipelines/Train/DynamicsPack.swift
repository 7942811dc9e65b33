internal import Foundation
internal import Hashing
internal import Models
internal import Packs
internal import Tensors
internal import Training

/// The pack that a training of the dynamics makes: the averaged networks beside the other ones of its source.
///
/// The other networks are copied once. New weights get a name of their own, and `pack.json`, which names them, is
/// replaced at once, so that the folder is a whole pack at any time.
struct DynamicsPack {
    let source: Pack
    let task: DynamicsTask
    let folder: String
    let command: String
    let clipCount: Int

    /// Writes the averages of a run.
    ///
    /// - Throws: `TrainingError`, `.cannotWrite`; an earlier pack stays whole.
    func write(_ trainer: Trainer) throws {
        let weights = "dynamics-\(trainer.stepsDone).safetensors"
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            let data = try SafetensorsFile.encode(trainer.averaged)
            try data.write(to: URL(fileURLWithPath: folder + "/" + weights), options: .atomic)
            let manifest = manifest(trainer, weights, sha256: SHA256.digest(data).hex)
            let names = Set(manifest.fileNames)
            for name in names where name != weights {
                let place = folder + "/" + name
                guard !FileManager.default.fileExists(atPath: place) else { continue }
                let draft = place + ".partial"
                // Left by a run that was killed; if it is there and stays, copying says so.
                try? FileManager.default.removeItem(atPath: draft)
                try FileManager.default.copyItem(atPath: source.folder + "/" + name, toPath: draft)
                try FileManager.default.moveItem(atPath: draft, toPath: place)
            }
            try (JSONEncoder.forDocuments.encode(manifest) + Data("\n".utf8)).write(
                to: URL(fileURLWithPath: folder + "/" + Pack.manifestName),
                options: .atomic
            )
            for old in try FileManager.default.contentsOfDirectory(atPath: folder)
            where old.hasPrefix("dynamics-") && old != weights && !names.contains(old) {
                try FileManager.default.removeItem(atPath: folder + "/" + old)
            }
        } catch {
            throw TrainingError(
                .cannotWrite,
                "the pack \"\(folder)\" could not be written: \(error.localizedDescription)"
            )
        }
        _ = try Pack(folder: folder)
    }

    private func manifest(_ trainer: Trainer, _ file: String, sha256: String) -> PackManifest {
        var manifest = source.manifest
        let old = manifest.dynamics
        let config = task.config
        manifest.dynamics = PackManifest.DynamicsNetwork(
            weights: PackManifest.WeightFile(path: file, sha256: sha256, prefix: ""),
            config: task.dynamicsConfig,
            modulation: task.modulationConfig
        )
        if !manifest.name.hasSuffix("-trained"), manifest.name.utf8.count <= 90 {
            manifest.name += "-trained"
        }
        manifest.time.trainedSeconds = config.sampling.window * manifest.time.unitSeconds
        if old == nil { manifest.time.observedFrames = config.sampling.observed[1] }
        if old?.config.stateShape != task.dynamicsConfig.stateShape { manifest.regions = [:] }
        manifest.provenance = provenance(trainer)
        return manifest
    }

    /// Where the weights come from: command, seed, steps, pictures, hours, losses and what they were made from.
    private func provenance(_ trainer: Trainer) -> String {
        let totals = trainer.totals
        let losses = (trainer.log.last?.losses ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key) \(Float($0.value))" }
        return "dynamics and conditional model trained by \"\(command)\": seed "
            + "\(task.config.run.seed), \(trainer.stepsDone) of \(task.config.run.steps) steps, "
            + "\(totals.images) pictures of \(clipCount) clips, "
            + "\((totals.seconds / 36).rounded() / 100) hours, losses "
            + "\(losses.joined(separator: ", ")); the rest from pack \"\(source.manifest.name)\" "
            + "(fingerprint \(source.fingerprint)): \(source.manifest.provenance)"
    }
}

extension PackManifest {
    /// All files beside `pack.json`.
    fileprivate var fileNames: [String] {
        let weights = [
            generator.weights, encoder?.weights, clip?.weights, dynamics?.weights, dino?.weights,
        ]
        return weights.compactMap { $0?.path }
            + [clip?.vocabulary, clip?.merges].compactMap { $0?.path }
    }
}
