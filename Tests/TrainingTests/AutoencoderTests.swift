import Foundation
import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

@Suite struct AutoencoderTests {
    /// A small autoencoder: pictures of 32x32, 8 W+ layers of 16 numbers.
    private func config(steps: Int) -> AutoencoderTrainingConfig {
        var config = AutoencoderTrainingConfig.standard
        config.run = RunConfig(
            steps: steps,
            seed: 3,
            learningRate: Schedule(0.01),
            averageDecay: 0.9,
            checkpointSeconds: 1000,
            logSteps: 1
        )
        config.batch = 4
        config.generator = StyleGAN2Config(
            layout: .rosinality,
            height: 32,
            width: 32,
            styleDim: 16,
            mappingLayers: 0,
            channels: [16, 16, 16, 8]
        )
        config.encoder = PSPConfig(
            inputSize: 32,
            widths: [8, 8, 16, 16],
            units: [1, 1, 1, 1],
            taps: [1, 2, 3],
            styleCount: 8,
            styleDim: 16,
            coarseIndex: 3,
            middleIndex: 6,
            squeezeReduction: 4
        )
        config.fineLayers = 2
        return config
    }

    /// Clips of two frames: a square of some colour that moves.
    private func pictures() throws -> PictureSet {
        var bytes = Data()
        for clip in 0..<4 {
            for frame in 0..<2 {
                for row in 0..<32 {
                    for column in 0..<32 {
                        let isInside =
                            (8..<20).contains(row)
                            && (4 + 8 * frame..<16 + 8 * frame).contains(column)
                        bytes.append(
                            contentsOf: isInside
                                ? [UInt8(60 * clip), UInt8(255 - 60 * clip), 40] : [230, 230, 220]
                        )
                    }
                }
            }
        }
        return try PictureSet(
            height: 32,
            width: 32,
            clips: (0..<4).map {
                .init(name: "clip\($0)", caption: nil, first: 2 * $0, count: 2)
            },
            bytes: bytes
        )
    }

    private func folder() throws -> String {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("autoencoder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path
    }

    private func trainer(
        _ steps: Int,
        in folder: String,
        resumes: Bool = false
    ) throws -> (Trainer, AutoencoderTask) {
        let config = config(steps: steps)
        let task = try AutoencoderTask(config, pictures: pictures())
        let trainer = try Trainer(
            task,
            config.run,
            identity: "test",
            folder: folder,
            resumes: resumes
        )
        return (trainer, task)
    }

    @Test(arguments: try Goldens.cases(number: 3))
    func goldenEncoder(golden: GoldenCase) throws {
        let io = try Goldens.io(golden)
        let weights = Weights(try SafetensorsFile(path: golden.path("weights")))
        let config = try PSPConfig(inferredFrom: weights.scoped("encoder."))
        let encoder = try TrainablePSP(
            config,
            Parameters(weights.scoped("encoder."), isTrained: false)
        )
        encoder.isTraining = false
        let images = try Goldens.tensor("image_uint8", in: io).float.map { $0 / 127.5 - 1 }
        expectClose(
            encoder(Variable(images.channelsLast)).value,
            try Goldens.tensor("encoder_out", in: io).float,
            abs: golden.absolute(),
            rel: golden.relative,
            because: "float32 sums through 24 units in another order; the manifest's tolerance",
            name: "codes"
        )
    }

    /// A few pictures are learned by heart: what is drawn comes near them.
    @Test func learnsAFewPictures() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (trainer, _) = try trainer(120, in: folder)
        _ = try trainer.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        let log = trainer.log
        func loss(_ lines: ArraySlice<LogLine>) -> Double {
            lines.reduce(0) { $0 + ($1.losses["loss"] ?? .nan) } / Double(lines.count)
        }
        let (early, late) = (loss(log[..<5]), loss(log[115...]))
        #expect(late < early / 4, "the loss went from \(early) to \(late)")
    }

    /// A run that was stopped goes on as if it had not been: every averaged parameter has the same bits.
    @Test func resumesBitForBit() throws {
        let (whole, parts) = (try folder(), try folder())
        defer {
            try? FileManager.default.removeItem(atPath: whole)
            try? FileManager.default.removeItem(atPath: parts)
        }
        let (straight, _) = try trainer(6, in: whole)
        _ = try straight.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        let (first, _) = try trainer(6, in: parts)
        let isComplete = try first.run(
            shouldStop: { first.stepsDone == 3 },
            report: { _, _ in },
            saved: { _ in }
        )
        #expect(!isComplete)
        let (second, _) = try trainer(6, in: parts, resumes: true)
        #expect(second.stepsDone == 3)
        _ = try second.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        let (expected, found) = (straight.averaged, second.averaged)
        #expect(Set(expected.keys) == Set(found.keys))
        for (name, tensor) in expected {
            #expect(found[name]?.bytes == tensor.bytes, "\(name) differs")
        }
        #expect(second.log.map(\.step) == Array(1...6))
    }

    /// The files of a run are those of inference, and mean the same there.
    @Test func filesAreReadByTheNetworksOfInference() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (trainer, task) = try trainer(20, in: folder)
        _ = try trainer.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        let files = try task.files(trainer.averaged)
        func weights(_ tensors: [String: RawTensor]) throws -> Weights {
            Weights(
                try SafetensorsFile(path: "test", data: SafetensorsFile.encode(tensors))
            )
        }
        let config = config(steps: 20)
        let file = try weights(files.encoder)
        let average = try file.float("latent_avg")
        let encoder = try PSPEncoder(
            config.encoder,
            file.scoped("encoder."),
            latentAverage: average
        )
        let trained = try TrainablePSP(
            config.encoder,
            Parameters(file.scoped("encoder."), isTrained: false)
        )
        trained.isTraining = false
        let pictures = try pictures().pictures([0, 3, 5])
        var codes = trained(Variable(pictures)).value
        for index in codes.scalars.indices {
            codes.scalars[index] += average.scalars[index % average.count]
        }
        let reason = "the same float32 sums in another order; normalisations folded into weights"
        expectClose(
            encoder.encode(pictures.channelsFirst),
            codes,
            abs: 1e-4,
            because: reason,
            name: "codes"
        )
        let generator = try StyleGAN2Generator(config.generator, try weights(files.generator))
        let drawn = try TrainableGenerator(
            config.generator,
            Parameters(try weights(files.generator), isTrained: false)
        )(Variable(codes), usesNoise: false)
        expectClose(
            generator.synthesize(codes, options: SynthesisOptions(usesNoise: false)),
            drawn.value.channelsFirst,
            abs: 1e-4,
            because: reason,
            name: "pictures"
        )
    }

    @Test func aLossThatIsNotFiniteEndsTheRun() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var config = config(steps: 50)
        config.run.learningRate = Schedule(1e30)
        let task = try AutoencoderTask(config, pictures: pictures())
        let trainer = try Trainer(
            task,
            config.run,
            identity: "",
            folder: folder,
            resumes: false
        )
        let error = #expect(throws: TrainingError.self) {
            _ = try trainer.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        }
        #expect(error?.kind == .diverged)
        #expect(error?.description.contains("there is no checkpoint yet") == true)
    }

    /// The partial file of a checkpoint lies on a full device: the run ends, and goes on from the checkpoint before.
    @Test func aFullDiskLeavesTheLastCheckpointWhole() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (first, _) = try trainer(4, in: folder)
        _ = try first.run(
            shouldStop: { first.stepsDone == 2 },
            report: { _, _ in },
            saved: { _ in }
        )
        let partial = folder + "/checkpoints/.next.partial"
        try FileManager.default.createSymbolicLink(
            atPath: partial,
            withDestinationPath: "/dev/full"
        )
        let (second, _) = try trainer(4, in: folder, resumes: true)
        let error = #expect(throws: TrainingError.self) {
            _ = try second.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in })
        }
        #expect(error?.kind == .cannotWrite)
        #expect(error?.description.contains("the last whole one is") == true)
        let (third, _) = try trainer(4, in: folder, resumes: true)
        #expect(third.stepsDone == 2)
        #expect(try third.run(shouldStop: { false }, report: { _, _ in }, saved: { _ in }))
    }

    @Test func configurationsThatCannotBeAreRefusedByKey() throws {
        var odd = config(steps: 1)
        odd.batch = 3
        var narrow = config(steps: 1)
        narrow.encoder.styleDim = 8
        for (config, key) in [(odd, "batch"), (narrow, "encoder.styleCount")] {
            let error = #expect(throws: TrainingError.self) { try config.validate() }
            #expect(error?.description.contains("the key \(key) ") == true, "\(key)")
        }
    }
}
