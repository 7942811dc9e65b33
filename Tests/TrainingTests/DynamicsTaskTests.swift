import Foundation
import Gradients
import Models
import ODE
import Tensors
import TestSupport
import Testing
import Training

@Suite struct DynamicsTaskTests {
    /// Trains and returns the log and the bytes of the last parameters.
    private func run(
        _ task: DynamicsTask,
        folder: String,
        resumes: Bool = false,
        stopAfter: Int? = nil
    ) throws -> (log: [LogLine], parameters: [String: Data]) {
        let trainer = try Trainer(
            task,
            task.config.run,
            identity: "test",
            folder: folder,
            resumes: resumes
        )
        _ = try trainer.run(
            shouldStop: { stopAfter.map { trainer.stepsDone >= $0 } ?? false },
            report: { _, _ in },
            saved: { _ in }
        )
        return (trainer.log, task.parameters.tensors.mapValues(\.bytes))
    }

    /// A motion that the networks can express is learned: the error of a small set falls to a third.
    @Test(arguments: ["codes", "reconstruction"])
    func overfitsASmallSet(term: String) throws {
        var config = SmallTraining.config(steps: 120)
        config.objective.consistency = Schedule(0)
        config.objective.appearance = Schedule(0)
        config.objective.structure = Schedule(0)
        config.objective.directional = Schedule(0)
        config.objective.latent = Schedule(0)
        config.objective.reconstruction = Schedule(term == "codes" ? 0 : 1)
        config.objective.codes = Schedule(term == "codes" ? 1 : 0)
        config.run.learningRate = Schedule(2e-3, to: 2e-4, shape: .cosine)
        let task = try SmallTraining.task(config, clips: 2, startsFromWeights: false)
        let folder = try TemporaryFolder()
        let log = try run(task, folder: folder.path).log
        func mean(_ lines: ArraySlice<LogLine>, _ term: String) -> Double {
            lines.reduce(0) { $0 + ($1.losses[term] ?? .infinity) } / Double(lines.count)
        }
        let (first, last) = (mean(log.prefix(5), term), mean(log.suffix(10), term))
        #expect(last < first / 3, "\(term): \(first) to \(last)")
    }

    /// A run that is stopped and resumed ends with the bits of one that was not.
    @Test func resumesBitForBit() throws {
        let config = SmallTraining.config(steps: 6)
        let (whole, parts) = (try TemporaryFolder(), try TemporaryFolder())
        let expected = try run(try SmallTraining.task(config), folder: whole.path)
        _ = try run(try SmallTraining.task(config), folder: parts.path, stopAfter: 3)
        let resumed = try run(try SmallTraining.task(config), folder: parts.path, resumes: true)
        #expect(resumed.parameters == expected.parameters)
        #expect(resumed.log.map(\.losses) == expected.log.map(\.losses))
    }

    /// All terms are there and finite, and every parameter that they reach gets a gradient.
    @Test(arguments: ObjectiveVariant.allCases, [SolveGradient.solver, .adjoint])
    func everyTermEveryParameter(variant: ObjectiveVariant, method: SolveGradient) throws {
        var config = SmallTraining.config(steps: 1)
        config.objective.variant = variant
        config.objective.latentMargin = 0
        config.objective.reconstruction = Schedule(1)
        config.objective.codes = Schedule(1)
        config.solveGradient = method
        let task = try SmallTraining.task(config)
        var random = SeededRandom(seed: 1, step: 0)
        let losses = try task.step(0, random: &random).losses
        #expect(
            Set(losses.map(\.name)) == [
                "total", "latent", "codes", "reconstruction", "structure", "appearance",
                "consistency", "directional",
            ]
        )
        #expect(losses.allSatisfy { $0.value.isFinite })
        #expect(task.notices.isEmpty)
        let without = task.parameters.trained.filter { $0.value.squaredGradient == 0 }
        #expect(without.map(\.name) == [])
    }

    /// Both ways to the gradient of the ODE agree as far as the tolerance of the solve lets them.
    @Test func gradientsOfTheODEAgree() throws {
        func gradients(_ method: SolveGradient) throws -> (
            [String: Tensor<Double>], Gradients.LatentField
        ) {
            var config = SmallTraining.config(steps: 1)
            config.solveGradient = method
            let task = try SmallTraining.task(config)
            task.objective.networks.dynamics.controller = StepController(rtol: 1e-8, atol: 1e-9)
            var random = SeededRandom(seed: 3, step: 0)
            _ = try task.step(0, random: &random)
            var result: [String: Tensor<Double>] = [:]
            for (name, value) in task.parameters.trained {
                if case .double(let variable) = value { result[name] = variable.gradient }
            }
            return (result, task.objective.networks.dynamics.field)
        }
        let (solver, solverField) = try gradients(.solver)
        let (adjoint, adjointField) = try gradients(.adjoint)
        for (name, wanted) in solver {
            let size = (wanted.scalars.reduce(0) { $0 + $1 * $1 } / Double(wanted.count))
                .squareRoot()
            expectClose(
                try #require(adjoint[name]),
                wanted,
                abs: 1e-4 * size,
                rel: 1e-4,
                because: "float32 on the way to it: 1e-5; the tolerance of the solve adds 1e-8",
                name: name
            )
        }
        #expect(solverField.forwardEvaluations == adjointField.forwardEvaluations)
        print(
            "evaluations of f: \(solverField.forwardEvaluations) forwards, with gradient "
                + "\(solverField.backwardEvaluations) through the solver, "
                + "\(adjointField.backwardEvaluations) by the adjoint"
        )
    }

    /// Clips without captions: the text terms are off, and that is said.
    @Test func missingCaptionsSwitchTextsOff() throws {
        let task = try SmallTraining.task(SmallTraining.config(steps: 1), hasCaptions: false)
        #expect(task.notices == ["3 of 3 clips have no caption: the text terms are off"])
        var random = SeededRandom(seed: 1, step: 0)
        let names = try task.step(0, random: &random).losses.map(\.name)
        #expect(!names.contains("directional"))
        #expect(names.contains("consistency"))
    }

    @Test func tooFewClipsAreRefused() throws {
        let error = #expect(throws: TrainingError.self) {
            try SmallTraining.task(SmallTraining.config(steps: 1), clips: 1)
        }
        #expect(error?.kind == .badData)
        #expect(error?.description.contains("1 clips of this pack") == true)
    }

    @Test func shortClipsAreRefused() throws {
        var config = SmallTraining.config(steps: 1)
        config.sampling.observed = [3, 40]
        let error = #expect(throws: TrainingError.self) { try SmallTraining.task(config) }
        #expect(error?.description.contains("has 16 frames") == true)
    }

    /// A loss that is not finite ends the run, and the last good checkpoint is named.
    @Test func divergenceStops() throws {
        var config = SmallTraining.config(steps: 8)
        config.run.learningRate = Schedule(1e-4, to: 1e30, shape: .linear, end: 1)
        let folder = try TemporaryFolder()
        let error = #expect(throws: TrainingError.self) {
            _ = try run(try SmallTraining.task(config), folder: folder.path)
        }
        #expect(error?.kind == .diverged)
        #expect(error?.description.hasPrefix("step ") == true)
    }

    @Test(arguments: DynamicsTrainingConfig.Ablation.allCases)
    func ablations(ablation: DynamicsTrainingConfig.Ablation) throws {
        var config = SmallTraining.config(steps: 1)
        config.ablation = ablation
        let task = try SmallTraining.task(config, startsFromWeights: false)
        var random = SeededRandom(seed: 1, step: 0)
        let names = try task.step(0, random: &random).losses.map(\.name)
        let left: String? =
            switch ablation {
            case .withoutConsistency: "consistency"
            case .withoutAppearance: "appearance"
            case .withoutStructure: "structure"
            case .withoutDirections, .withoutConditionalModel: nil
            }
        if let left { #expect(!names.contains(left)) }
        #expect((task.modulationConfig.predictsCodes ?? false) == (ablation == .withoutDirections))
        #expect(
            (task.modulationConfig.crossAttentionLayers == 0)
                == (ablation == .withoutConditionalModel)
        )
        if ablation == .withoutConditionalModel {
            let dynamics = task.parameters.trained.first { $0.name == "bVAE_enc.conv1x1.weight" }
            #expect((dynamics?.value.squaredGradient ?? 0) > 0, "dynamics reach the codes")
        }
    }

    /// What was trained is what renders: both halves of the program give the same codes.
    @Test(arguments: [
        nil, DynamicsTrainingConfig.Ablation.withoutConditionalModel, .withoutDirections,
    ])
    func trainedNetworksRender(ablation: DynamicsTrainingConfig.Ablation?) throws {
        var config = SmallTraining.config(steps: 1)
        config.ablation = ablation
        let task = try SmallTraining.task(config, startsFromWeights: false)
        var random = SeededRandom(seed: 5, step: 0)
        let batch = try task.batch(ObjectiveWeights(), random: &random)
        let networks = task.objective.networks
        let z0 = networks.dynamics.encode(
            Variable(batch.observed),
            times: batch.observedTimes
        )
        let clips = batch.contents.shape[0]
        let queries = batch.queryTimes[0].count
        let tokens = networks.dynamics.project(
            try networks.dynamics.solve(from: z0, at: batch.queryTimes)
        )
        let codes = networks.codes(
            contents: Variable(batch.contents),
            styles: Variable(batch.styles.reshaped([clips, 1, batch.styles.shape[1]])),
            tokens: tokens,
            clips: (0..<queries * clips).map { $0 % clips }
        ).value
        let folder = try TemporaryFolder()
        let path = folder.path + "/dynamics.safetensors"
        try SafetensorsFile.encode(task.parameters.tensors).write(to: URL(fileURLWithPath: path))
        let weights = Weights(try SafetensorsFile(path: path))
        let encoder = try DynamicsEncoder(task.dynamicsConfig, weights)
        let ode = try LatentODE(task.dynamicsConfig, weights)
        let model = try ConditionalModel(task.modulationConfig, weights)
        for clip in 0..<clips {
            let frames = Tensor.stack(
                (0..<batch.observedTimes[0].count).map { batch.observed[$0 * clips + clip] }
            ).channelsFirst
            let start = encoder.encode(frames, times: batch.observedTimes[clip])
            let times = ([0] + batch.queryTimes[clip]).reduce(into: [Double]()) { times, time in
                if times.last != time { times.append(time) }
            }
            let states = try ode.solve(from: start.reshaped([1] + start.shape), at: times).states
            let wanted = batch.queryTimes[clip].map { time in
                states[times.firstIndex(of: time) ?? 0][0]
            }
            let expected = model(
                content: batch.contents[clip],
                style: batch.styles[clip],
                dynamics: ode.project(.stack(wanted))
            )
            expectClose(
                Tensor.stack((0..<queries).map { codes[$0 * clips + clip] }),
                expected,
                abs: 2e-3,
                rel: 2e-3,
                because: "a batch shares its step sizes: the solver's tolerance of 1e-3",
                name: "codes of clip \(clip)"
            )
        }
    }
}
