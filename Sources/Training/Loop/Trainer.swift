internal import Foundation
public import Tensors

/// What one step of a training found out.
public struct StepResult: Sendable {
    /// The terms of the loss by name, in the order in which they are shown; the first is the whole.
    public var losses: [(name: String, value: Double)]
    /// The pictures that were looked at.
    public var images: Int

    /// Collects both.
    public init(losses: [(name: String, value: Double)], images: Int) {
        self.losses = losses
        self.images = images
    }
}

/// What is trained: networks, data and a loss.
public protocol TrainingTask: AnyObject {
    /// Everything that a checkpoint holds.
    var parameters: Parameters { get }
    /// How it is optimised.
    var groups: [ParameterGroup] { get }
    /// Computes the loss of a step and its gradients.
    ///
    /// - Parameters:
    ///   - step: Counted from 0.
    ///   - random: Of this step alone.
    /// - Returns: The losses, for the log.
    /// - Throws: Errors of the data, such as a film that can no longer be read.
    func step(_ step: Int, random: inout SeededRandom) throws -> StepResult
    /// Puts parameters back into their range after the optimiser has moved them; does nothing by default.
    func didUpdate()
    /// Measures the averaged parameters at a checkpoint; measures nothing by default.
    ///
    /// - Parameter averaged: What a pack is made of, under the names of `parameters`.
    /// - Returns: Figures by name, for the log; they change nothing of the run.
    /// - Throws: Errors of the data, such as a film that can no longer be read.
    func measure(_ averaged: [String: RawTensor]) throws -> [String: Double]
}

extension TrainingTask {
    /// Does nothing.
    public func didUpdate() {}
    /// Measures nothing.
    public func measure(_ averaged: [String: RawTensor]) throws -> [String: Double] { [:] }
}

/// The numbers of a run that every kind of training has.
public struct RunConfig: Codable, Sendable, Hashable {
    /// The number of steps.
    public var steps: Int
    /// What everything random follows from.
    public var seed: UInt64
    /// The learning rate.
    public var learningRate: Schedule
    /// The gradients' norm is brought down to this; any if nil.
    public var clipNorm: Double?
    /// The decay of the moving average that a pack is made of.
    public var averageDecay: Double
    /// Seconds between two checkpoints.
    public var checkpointSeconds: Double
    /// Steps between two lines of the log.
    public var logSteps: Int

    /// Collects the numbers.
    public init(
        steps: Int,
        seed: UInt64 = 1,
        learningRate: Schedule,
        clipNorm: Double? = nil,
        averageDecay: Double = 0.999,
        checkpointSeconds: Double = 300,
        logSteps: Int = 20
    ) {
        self.steps = steps
        self.seed = seed
        self.learningRate = learningRate
        self.clipNorm = clipNorm
        self.averageDecay = averageDecay
        self.checkpointSeconds = checkpointSeconds
        self.logSteps = logSteps
    }

    /// Checks the numbers.
    ///
    /// - Throws: `TrainingError`, `.badConfig`, naming the key.
    public func validate() throws(TrainingError) {
        func check(_ isGood: Bool, _ key: String, _ need: String) throws(TrainingError) {
            guard isGood else {
                throw TrainingError(.badConfig, "configuration: the key \(key) needs \(need)")
            }
        }
        try check(steps > 0, "run.steps", "a positive number")
        try check(learningRate.first > 0, "run.learningRate.first", "a positive number")
        try check(clipNorm.map { $0 > 0 } ?? true, "run.clipNorm", "a positive number")
        try check((0..<1).contains(averageDecay), "run.averageDecay", "a number from 0 to below 1")
        try check(checkpointSeconds > 0, "run.checkpointSeconds", "a positive number")
        try check(logSteps > 0, "run.logSteps", "a positive number")
    }
}

/// One line of the log: the means of some steps.
public struct LogLine: Codable, Sendable {
    /// The number of steps done.
    public let step: Int
    /// The means of the losses since the line before.
    public let losses: [String: Double]
    /// The learning rate of the last step.
    public let learningRate: Double
    /// The mean norm of the gradients before clipping.
    public let gradientNorm: Double
    /// Pictures a second since the line before.
    public let imagesPerSecond: Double
    /// Pictures since the start of the run.
    public let images: Int
    /// Seconds of training since the start of the run, over all its parts.
    public let seconds: Double
}

/// What a checkpoint was measured by, on data that is not trained on.
public struct CheckpointMeasures: Codable, Sendable, Hashable {
    /// The number of steps done.
    public let step: Int
    /// The figures by name.
    public let measures: [String: Double]
}

/// Runs a training: steps, optimiser, moving average, log, checkpoints.
///
/// With the same configuration, data and number of threads a run that was stopped and resumed ends with the same bits as
/// one that was not.
public final class Trainer {
    private let task: any TrainingTask
    private let config: RunConfig
    private let identity: String
    private let folder: String
    private let optimiser: Adam
    private let average: MovingAverage
    private let checkpoint: TrainingCheckpoint
    /// The lines so far, over all parts of the run.
    public private(set) var log: [LogLine] = []
    /// What the checkpoints were measured by, over all parts of the run.
    public private(set) var measurements: [CheckpointMeasures] = []
    private var images = 0
    private var seconds = 0.0
    /// The number of steps done.
    public private(set) var stepsDone = 0

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - task: What is trained.
    ///   - config: The run's numbers.
    ///   - identity: What must be the same when the run is resumed: the whole configuration, as text.
    ///   - folder: The folder of the run; made if it is not there.
    ///   - resumes: Whether to go on from the newest checkpoint in it.
    /// - Throws: `TrainingError`.
    public init(
        _ task: any TrainingTask,
        _ config: RunConfig,
        identity: String,
        folder: String,
        resumes: Bool
    ) throws {
        try config.validate()
        self.task = task
        self.config = config
        self.identity = identity
        self.folder = folder
        optimiser = Adam(task.parameters, groups: task.groups, clipNorm: config.clipNorm)
        average = MovingAverage(task.parameters, decay: config.averageDecay)
        checkpoint = TrainingCheckpoint(run: folder)
        if resumes {
            try resume()
        } else if let newest = checkpoint.newest {
            throw TrainingError(
                .badConfig,
                "\"\(folder)\" already holds a run with the checkpoint \"\(newest)\"; "
                    + "go on with --resume, or choose another folder"
            )
        }
    }

    private func resume() throws {
        let (step, weights, metadata) = try checkpoint.read()
        guard metadata["identity"] == identity else {
            throw TrainingError(
                .badCheckpoint,
                "the checkpoint in \"\(folder)\" was made with another configuration or pack; "
                    + "resume with the same, or start a new run in another folder"
            )
        }
        do {
            try task.parameters.restore(weights.scoped("parameter/"))
            try average.restore(weights.scoped("average/"))
            let state = try JSONDecoder().decode(
                RunState.self,
                from: Data((metadata["state"] ?? "").utf8)
            )
            try optimiser.restore(weights, steps: state.optimiserSteps)
            images = state.images
            seconds = state.seconds
            log = state.log
            measurements = state.measurements
        } catch {
            throw TrainingError(
                .badCheckpoint,
                "checkpoint of step \(step) in \"\(folder)\": \(error); delete it to go on from the one "
                    + "before"
            )
        }
        stepsDone = step
    }

    /// What a checkpoint knows beside tensors.
    private struct RunState: Codable {
        let optimiserSteps: Int
        let images: Int
        let seconds: Double
        let log: [LogLine]
        let measurements: [CheckpointMeasures]
    }

    /// Trains until the last step, or until it is asked to stop, and saves in either case.
    ///
    /// - Parameters:
    ///   - shouldStop: Is asked after every step.
    ///   - report: Is given every line of the log, with the seconds that are left.
    ///   - saved: Is called after every checkpoint, with the step; also if a resumed run has no step left, for what is
    ///     written after a checkpoint may be missing.
    /// - Returns: Whether the run is complete.
    /// - Throws: `TrainingError`: `.diverged` with the step and the last good checkpoint, `.cannotWrite`; what the task
    ///   throws.
    public func run(
        shouldStop: () -> Bool,
        report: (LogLine, Double) throws -> Void,
        saved: (Int) throws -> Void
    ) throws -> Bool {
        var lastSave = ContinuousClock.now
        var window = Window()
        var savedStep = stepsDone
        func save() throws {
            guard stepsDone > savedStep else { return }
            let measures = try task.measure(average.tensors)
            if !measures.isEmpty {
                measurements.append(CheckpointMeasures(step: stepsDone, measures: measures))
            }
            try write()
            savedStep = stepsDone
            lastSave = .now
            try saved(stepsDone)
        }
        if stepsDone == config.steps { try saved(stepsDone) }
        while stepsDone < config.steps {
            let began = ContinuousClock.now
            let rate = config.learningRate.value(at: stepsDone, of: config.steps)
            var random = SeededRandom(seed: config.seed, step: stepsDone)
            task.parameters.clearGradients()
            let result = try task.step(stepsDone, random: &random)
            let norm = optimiser.gradientNorm
            try checkFinite(result, norm)
            optimiser.step(rate: rate, norm: norm)
            task.didUpdate()
            task.parameters.clearGradients()
            stepsDone += 1
            average.update(step: stepsDone)
            images += result.images
            let elapsed = (ContinuousClock.now - began) / .seconds(1)
            seconds += elapsed
            window.add(result, norm: norm, seconds: elapsed)
            if stepsDone % config.logSteps == 0 || stepsDone == config.steps {
                let line = window.line(
                    step: stepsDone,
                    rate: rate,
                    images: images,
                    seconds: seconds
                )
                log.append(line)
                let each = window.seconds / Double(window.steps)
                window = Window()
                try report(line, each * Double(config.steps - stepsDone))
            }
            if shouldStop() {
                try save()
                return stepsDone == config.steps
            }
            if (ContinuousClock.now - lastSave) / .seconds(1) >= config.checkpointSeconds {
                try save()
            }
        }
        try save()
        return true
    }

    private func checkFinite(_ result: StepResult, _ norm: Double) throws(TrainingError) {
        let bad = result.losses.first { !$0.value.isFinite }?.name
        guard bad != nil || !norm.isFinite else { return }
        throw TrainingError(
            .diverged,
            "step \(stepsDone): \(bad.map { "the term \"\($0)\"" } ?? "the norm of the gradients") is not "
                + "finite; start a run in another folder with a lower run.learningRate. "
                + (checkpoint.newest.map { "The last good checkpoint is \"\($0)\"" }
                    ?? "Here there is no checkpoint yet")
        )
    }

    private func write() throws {
        var tensors: [String: RawTensor] = optimiser.tensors
        for (name, tensor) in task.parameters.tensors { tensors["parameter/" + name] = tensor }
        for (name, tensor) in average.tensors { tensors["average/" + name] = tensor }
        let state = RunState(
            optimiserSteps: optimiser.steps,
            images: images,
            seconds: seconds,
            log: log,
            measurements: measurements
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try checkpoint.write(
            step: stepsDone,
            tensors,
            metadata: [
                "identity": identity,
                "state": String(decoding: try encoder.encode(state), as: UTF8.self),
            ]
        )
    }

    /// The averaged parameters, for a pack; buffers as they are.
    public var averaged: [String: RawTensor] { average.tensors }

    /// Seconds and pictures of all parts of the run, for a pack's provenance.
    public var totals: (seconds: Double, images: Int) { (seconds, images) }

    /// Sums over the steps of one line of the log.
    private struct Window {
        var steps = 0
        var seconds = 0.0
        private var images = 0
        private var norm = 0.0
        private var losses: [String: Double] = [:]

        mutating func add(_ result: StepResult, norm: Double, seconds: Double) {
            steps += 1
            self.seconds += seconds
            self.norm += norm
            images += result.images
            for (name, value) in result.losses { losses[name, default: 0] += value }
        }

        func line(step: Int, rate: Double, images total: Int, seconds all: Double) -> LogLine {
            LogLine(
                step: step,
                losses: losses.mapValues { $0 / Double(steps) },
                learningRate: rate,
                gradientNorm: norm / Double(steps),
                imagesPerSecond: Double(images) / max(seconds, 1e-9),
                images: total,
                seconds: all
            )
        }
    }
}
