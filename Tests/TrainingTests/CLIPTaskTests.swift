import Foundation
import Gradients
import Models
import Tensors
import TestSupport
import Testing
import Training

/// CLIP learns pictures and captions, goes on bit for bit, and is read by the network of inference.
@Suite struct CLIPTaskTests {
    private static let captions = [
        "a red square", "a green square", "a blue square", "a yellow square", "a red bar",
        "a green bar", "a blue bar", "a yellow bar",
    ]

    private static let colours: [[UInt8]] = [
        [220, 30, 30], [30, 190, 40], [40, 60, 220], [230, 220, 40],
    ]

    /// A frame of 32x32 for each caption, two frames of each: a shape of a colour on grey.
    private static func pictures(_ captions: [String?]) throws -> PictureSet {
        var bytes: [UInt8] = []
        for number in captions.indices {
            for frame in 0..<2 {
                for y in 0..<32 {
                    for x in 0..<32 {
                        let isBar = number % 8 >= 4
                        let left = isBar ? 13 : 6
                        let isInside =
                            (left..<32 - left).contains(x) && (4 + frame..<26 + frame).contains(y)
                        bytes += isInside ? colours[number % 4] : [120, 120, 120]
                    }
                }
            }
        }
        return try PictureSet(
            height: 32,
            width: 32,
            clips: captions.enumerated().map { number, caption in
                PictureSet.Clip(
                    name: "clip\(number).avi",
                    caption: caption,
                    first: 2 * number,
                    count: 2
                )
            },
            bytes: Data(bytes)
        )
    }

    private static func config(steps: Int, batch: Int = 8, held: Double = 0) -> CLIPTrainingConfig {
        var config = CLIPTrainingConfig.standard
        config.run = RunConfig(
            steps: steps,
            learningRate: Schedule(0.003, warmUp: 5),
            clipNorm: 1,
            averageDecay: 0.9,
            logSteps: 1
        )
        config.batch = batch
        (config.imageSize, config.patch) = (32, 8)
        config.vision = CLIPConfig.Transformer(width: 32, heads: 2, layers: 2)
        config.text = CLIPConfig.Transformer(width: 32, heads: 2, layers: 2)
        (config.context, config.embedDim, config.merges) = (16, 24, 40)
        config.validationShare = held
        return config
    }

    private static func folder() -> String {
        NSTemporaryDirectory() + "/clip-task-" + UUID().uuidString
    }

    private func train(
        _ task: CLIPTask,
        in folder: String,
        resumes: Bool = false,
        until last: Int = .max
    ) throws -> Trainer {
        let trainer = try Trainer(
            task,
            task.config.run,
            identity: task.clips.identity,
            folder: folder,
            resumes: resumes
        )
        _ = try trainer.run(
            shouldStop: { trainer.stepsDone >= last },
            report: { _, _ in },
            saved: { _ in }
        )
        return trainer
    }

    @Test func eightPairsAreLearntByHeart() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let task = try CLIPTask(Self.config(steps: 60), pictures: Self.pictures(Self.captions))
        let trainer = try train(task, in: folder)
        let (first, last) = (try #require(trainer.log.first), try #require(trainer.log.last))
        // Of 8 pairs that say nothing the loss is log 8 = 2.08.
        #expect((1.5...3).contains(first.losses["loss"] ?? 0))
        #expect((last.losses["loss"] ?? 9) < 0.1)
        #expect(last.losses["imageToText"] == 1)
        #expect(last.losses["textToImage"] == 1)
        #expect((last.losses["temperature"] ?? 0) >= 0.00999)
    }

    @Test func aResumedRunEndsWithTheSameBits() throws {
        let folders = [Self.folder(), Self.folder()]
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        let config = Self.config(steps: 6, batch: 4, held: 0.3)
        func task() throws -> CLIPTask {
            try CLIPTask(config, pictures: Self.pictures(Self.captions + Self.captions))
        }
        let whole = try train(try task(), in: folders[0])
        let first = try train(try task(), in: folders[1], until: 3)
        #expect(first.stepsDone == 3)
        let rest = try train(try task(), in: folders[1], resumes: true)
        #expect(rest.stepsDone == 6)
        let (expected, found) = (whole.averaged, rest.averaged)
        #expect(Set(expected.keys) == Set(found.keys))
        for (name, tensor) in expected { #expect(found[name]?.bytes == tensor.bytes, "\(name)") }
        #expect(rest.log.map(\.losses) == whole.log.map(\.losses))
        #expect(rest.measurements.map(\.step) == [3, 6])
        #expect(rest.measurements.last == whole.measurements.last)
    }

    @Test func inferenceReadsTheWeights() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let pictures = try Self.pictures(Self.captions)
        let task = try CLIPTask(Self.config(steps: 5), pictures: pictures)
        let trainer = try train(task, in: folder)
        let file = try SafetensorsFile(
            path: "clip.safetensors",
            data: SafetensorsFile.encode(trainer.averaged)
        )
        let config = try CLIPConfig(
            inferredFrom: Weights(file),
            visionHeads: task.config.vision.heads,
            textHeads: task.config.text.heads
        )
        #expect(config == task.networkConfig)
        let plain = try CLIPModel(config, Weights(file))
        let trained = try TrainableCLIP(config, Parameters(Weights(file), isTrained: false))
        let frames = pictures.pictures([0, 3, 9])
        let reason = "the same float32 sums in another order, through two blocks"
        expectClose(
            trained.encode(
                images: DifferentiableResizing.clip(
                    Variable(frames),
                    resolution: config.imageSize
                )
            ).value,
            plain.encodeImage(CLIPPreprocessing(resolution: 32)(frames.channelsFirst)),
            abs: 1e-5,
            because: reason,
            name: "image features"
        )
        let tokens = task.clips.training.map(\.tokens)
        expectClose(
            trained.encode(texts: tokens).value,
            plain.encodeText(tokens),
            abs: 1e-5,
            because: reason,
            name: "text features"
        )
    }

    @Test func equalCaptionsAreNoNegatives() {
        // Two pairs of one caption with different pictures, and one of another.
        let images = Variable(
            Tensor<Float>(shape: [3, 2], scalars: [1, 0, 0.8, 0.6, 0, 1]),
            needsGradient: true
        )
        let texts = Variable(Tensor<Float>(shape: [3, 2], scalars: [1, 0, 1, 0, 0, 1]))
        let scale = Variable(Tensor<Float>(shape: [], scalars: [log(10)]))
        let result = ContrastiveLoss(
            images: images,
            texts: texts,
            logitScale: scale,
            captions: [7, 7, 9]
        )
        func entropy(_ own: Double, _ others: Double...) -> Double {
            -log(exp(own) / others.reduce(exp(own)) { $0 + exp($1) })
        }
        let rows = (entropy(10, 0) + entropy(8, 6) + entropy(10, 0, 0)) / 3
        let columns = (entropy(10, 0) + entropy(8, 0) + entropy(10, 0, 6)) / 3
        expectClose(
            Tensor(shape: [], scalars: [result.loss.number]),
            Tensor(shape: [], scalars: [Float((rows + columns) / 2)]),
            abs: 1e-5,
            because: "float32 logits of about 10",
            name: "loss"
        )
        #expect(result.imageToText == 1)
        #expect(result.textToImage == 1)
    }

    @Test func heldOutClipsStayHeldOut() throws {
        var config = Self.config(steps: 1, batch: 4, held: 0.25)
        let few = try CLIPClips(Self.pictures(Self.captions + Self.captions).clips, config)
        let names = Set(few.validation.map(\.clip.name))
        #expect((1...8).contains(names.count))
        #expect(names.isDisjoint(with: few.training.map(\.clip.name)))
        // More clips move none from one side to the other.
        let all = Self.captions + Self.captions + Self.captions
        let more = try CLIPClips(Self.pictures(all).clips, config)
        #expect(names.isSubset(of: more.validation.map(\.clip.name)))
        config.validationShare = 0
        #expect(try CLIPClips(Self.pictures(all).clips, config).validation.isEmpty)
    }

    @Test func retrievalCountsClipsOfTheSameCaption() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let all = [[String]](repeating: Self.captions, count: 4).flatMap { $0 }
        let task = try CLIPTask(
            Self.config(steps: 60, held: 0.3),
            pictures: Self.pictures(all)
        )
        let trainer = try train(task, in: folder)
        let (shares, matches) = try #require(try task.retrieval(trainer.averaged))
        #expect(shares.clips == task.clips.validation.count)
        #expect(shares.captions <= 8)
        // Held-out clips look like those that were trained on here.
        #expect(shares.imageToText1 == 1)
        #expect(shares.imageToText5 == 1)
        #expect(shares.textToImage1 == 1)
        #expect(matches.allSatisfy { $0.isRight })
        #expect(matches.first?.nearest == matches.first?.clip.caption)
        #expect(trainer.measurements.last?.measures["imageToText1"] == 1)
    }

    @Test func dataThatCannotBeLearntIsRefused() throws {
        func message(_ captions: [String?], _ config: CLIPTrainingConfig) throws -> String {
            let pictures = try Self.pictures(captions)
            let error = #expect(throws: TrainingError.self) {
                try CLIPTask(config, pictures: pictures)
            }
            return error?.description ?? ""
        }
        let config = Self.config(steps: 1)
        #expect(try message([nil, nil, ""], config).contains("captions.json"))
        let few = try message(["a", "b", "c"], config)
        #expect(few.contains("3 clips") && few.contains("8") && few.contains("the key batch"))
        let same = try message([String](repeating: "a doll", count: 9), config)
        #expect(same.contains("\"a doll\""))
    }

    /// A key and a value that it cannot have.
    struct BadKey: Sendable {
        let key: String
        let change: @Sendable (inout CLIPTrainingConfig) -> Void

        init(_ key: String, _ change: @escaping @Sendable (inout CLIPTrainingConfig) -> Void) {
            (self.key, self.change) = (key, change)
        }
    }

    static let badKeys = [
        BadKey("batch") { $0.batch = 1 }, BadKey("imageSize") { $0.imageSize = 33 },
        BadKey("vision.heads") { $0.vision.heads = 3 }, BadKey("text") { $0.text.layers = 0 },
        BadKey("context") { $0.context = 2 }, BadKey("embedDim") { $0.embedDim = 0 },
        BadKey("merges") { $0.merges = -1 }, BadKey("weightDecay") { $0.weightDecay = -1 },
        BadKey("validationShare") { $0.validationShare = 1 },
        BadKey("run.steps") { $0.run.steps = 0 },
    ]

    @Test(arguments: badKeys)
    func aBadKeyIsNamed(bad: BadKey) {
        var config = CLIPTrainingConfig.standard
        bad.change(&config)
        let error = #expect(throws: TrainingError.self) { try config.validate() }
        #expect(
            error?.description.contains("the key \(bad.key)") == true,
            "\(error?.description ?? "")"
        )
    }

    @Test func theStandardConfigurationIsSoundAndComplete() throws {
        try CLIPTrainingConfig.standard.validate()
        let data = try JSONEncoder().encode(CLIPTrainingConfig.standard)
        #expect(
            try JSONDecoder().decode(CLIPTrainingConfig.self, from: data) == .standard
        )
    }

    @Test func theTemperatureHasAFloor() throws {
        let task = try CLIPTask(
            Self.config(steps: 1),
            pictures: Self.pictures(Self.captions)
        )
        let scale = try task.parameters.float("logit_scale", [], .constant(0))
        scale.value = Tensor(shape: [], scalars: [7])
        task.didUpdate()
        #expect(scale.number == Float(log(100.0)))
    }
}
