internal import Foundation
internal import Hashing
internal import Kernels
public import Media
internal import Models
internal import Packs
internal import Store
internal import Tensors
public import Training

/// A request to train the dynamics and the conditional model of a pack on clips of a library.
public struct DynamicsTrainingRequest: Sendable {
    /// The pack that is trained; the library's default if nil.
    public var pack: String?
    /// Only clips with all of these tags.
    public var tags: [String]
    /// The folder of the run.
    public var run: String
    /// What is trained, and how.
    public var config: DynamicsTrainingConfig
    /// Whether to go on from the newest checkpoint of the run.
    public var resumes: Bool
    /// The command, for the provenance of the pack.
    public var command: String
    /// How much memory decoded frames may take.
    public var frameMemory = 2 << 30

    /// Collects the request.
    public init(
        pack: String?,
        tags: [String] = [],
        run: String,
        config: DynamicsTrainingConfig,
        resumes: Bool,
        command: String
    ) {
        self.pack = pack
        self.tags = tags
        self.run = run
        self.config = config
        self.resumes = resumes
        self.command = command
    }
}

extension Session {
    /// The configuration that a training of a pack's dynamics has without a file: the paper's objective over the pack's
    /// clip length, from its own dynamics, or from networks of standard sizes if it has none.
    ///
    /// - Parameter pack: Its name; the library's default if nil.
    /// - Returns: The configuration.
    /// - Throws: `StoreError` or `PackError`.
    public func standardDynamicsTraining(pack: String?) throws -> DynamicsTrainingConfig {
        let manifest = try self.pack(pack).manifest
        let time = manifest.time
        var config = DynamicsTrainingConfig.paper(
            steps: 20_000,
            window: time.clipSeconds / time.unitSeconds
        )
        guard manifest.dynamics == nil, let clip = manifest.clip else { return config }
        let generator = manifest.generator.config
        let dynamics = DynamicsConfig.standard(
            aspect: Double(generator.width) / Double(generator.height),
            tokenWidth: clip.config.embedDim
        )
        config.dynamics = dynamics
        config.modulation = .standard(
            layers: generator.layerCount,
            styleDim: generator.styleDim,
            featureWidth: clip.config.embedDim,
            cells: dynamics.gridHeight * dynamics.gridWidth
        )
        return config
    }

    /// Trains until the last step or until it is asked to stop.
    ///
    /// At every checkpoint `RUN/pack` becomes a pack with the averaged networks beside the other ones of the pack.
    ///
    /// - Parameters:
    ///   - request: What is trained, on what.
    ///   - cancellation: The request to stop: the step in hand is finished and saved.
    ///   - notice: Is told of terms that are off, and why.
    ///   - progress: Is told of every line of the log.
    /// - Returns: What became of it.
    /// - Throws: `TrainingError`, `StoreError`, `PackError`, `MediaError`.
    public func trainDynamics(
        _ request: DynamicsTrainingRequest,
        cancellation: Cancellation,
        notice: (String) -> Void,
        progress: (TrainingProgress) throws -> Void
    ) throws -> TrainingReport {
        try request.config.validate()
        ThreadPool.prepareForTraining()
        let pack = try pack(request.pack)
        var filter = ClipFilter()
        filter.tags = request.tags
        let clips = try LibraryClips(
            library.clips(filter),
            library,
            pack,
            byteLimit: request.frameMemory
        )
        let task = try DynamicsTask(request.config, pack: pack.pack, clips: clips)
        task.notices.forEach(notice)
        let result = DynamicsPack(
            source: pack.pack,
            task: task,
            folder: request.run + "/pack",
            command: request.command,
            clipCount: clips.count
        )
        return try TrainingRun(
            folder: request.run,
            title: "Dynamics of \(pack.manifest.name)",
            config: request.config.run,
            document: request.config
        ).run(
            task,
            resumes: request.resumes,
            identity: "pack \(pack.pack.fingerprint) clips "
                + SHA256.digest(Data(clips.identity.utf8)).hex,
            cancellation: cancellation,
            progress: progress,
            export: { try result.write($0) }
        )
    }
}

extension DynamicsTask: ShownTraining {
    /// Two clips, themselves again, each as the other moves, each as the other is described.
    public func sheet() throws -> [ContactSheet.Row] {
        try preview().map { row in
            ContactSheet.Row(
                label: row.label,
                images: (0..<row.pictures.shape[0]).map {
                    RGBImage(row.pictures[$0], .minusOneToOne)
                }
            )
        }
    }
}
