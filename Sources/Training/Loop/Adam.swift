internal import Foundation
internal import Gradients
internal import Kernels
public import Tensors

/// Some of the parameters, and how they are optimised.
public struct ParameterGroup: Sendable {
    /// The parameters whose names begin with one of these.
    public var prefixes: [String]
    /// What the run's learning rate is multiplied by.
    public var rateFactor: Double
    /// How much of the first moment stays after a step.
    public var beta1: Double
    /// How much of the second moment stays after a step.
    public var beta2: Double
    /// The part of a weight that is taken off by a step of learning rate 1: AdamW.
    public var weightDecay: Double

    /// Collects the numbers.
    public init(
        prefixes: [String],
        rateFactor: Double = 1,
        beta1: Double = 0.9,
        beta2: Double = 0.999,
        weightDecay: Double = 0
    ) {
        self.prefixes = prefixes
        self.rateFactor = rateFactor
        self.beta1 = beta1
        self.beta2 = beta2
        self.weightDecay = weightDecay
    }
}

/// Adam with decoupled weight decay, one clipped gradient norm for all.
///
/// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019.
public final class Adam {
    private let parameters: Parameters
    private let groups: [ParameterGroup]
    /// Keeps the quotient finite.
    private let eps: Double
    /// The gradients' norm is brought down to this; nil for any.
    private let clipNorm: Double?
    private var moments: [String: (m: RawMoment, v: RawMoment)] = [:]
    /// The number of steps taken.
    public private(set) var steps = 0

    /// A moment in the type of its parameter.
    private enum RawMoment {
        case float(Tensor<Float>)
        case double(Tensor<Double>)

        var raw: RawTensor {
            switch self {
            case .float(let tensor): RawTensor(tensor)
            case .double(let tensor): RawTensor(tensor)
            }
        }
    }

    /// Prepares the optimiser.
    public init(
        _ parameters: Parameters,
        groups: [ParameterGroup],
        clipNorm: Double? = nil,
        eps: Double = 1e-8
    ) {
        self.parameters = parameters
        self.groups = groups
        self.clipNorm = clipNorm
        self.eps = eps
    }

    /// The norm of all gradients; not finite if one of them is not.
    public var gradientNorm: Double {
        parameters.trained.reduce(0) { $0 + $1.value.squaredGradient }.squareRoot()
    }

    /// Takes one step.
    ///
    /// Parameters without a gradient, or of no group, stay.
    ///
    /// - Parameters:
    ///   - rate: The learning rate.
    ///   - norm: `gradientNorm`, finite.
    public func step(rate: Double, norm: Double) {
        steps += 1
        let scale = clipNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
        for (name, value) in parameters.trained {
            guard
                let group = groups.first(where: { $0.prefixes.contains { name.hasPrefix($0) } })
            else { continue }
            let own = rate * group.rateFactor
            let numbers = AdamStep(
                scale: scale,
                beta1: group.beta1,
                beta2: group.beta2,
                rate: own / (1 - pow(group.beta1, Double(steps))),
                root: 1 / (1 - pow(group.beta2, Double(steps))).squareRoot(),
                eps: eps,
                decay: own * group.weightDecay
            )
            switch value {
            case .float(let variable):
                guard let gradient = variable.gradient else { continue }
                var (m, v) = floats(name, variable.shape)
                moments[name] = nil
                Self.update(numbers, &variable.value, gradient, &m, &v)
                moments[name] = (.float(m), .float(v))
            case .double(let variable):
                guard let gradient = variable.gradient else { continue }
                var (m, v) = doubles(name, variable.shape)
                moments[name] = nil
                Self.update(numbers, &variable.value, gradient, &m, &v)
                moments[name] = (.double(m), .double(v))
            }
        }
    }

    private func floats(_ name: String, _ shape: [Int]) -> (Tensor<Float>, Tensor<Float>) {
        if case (.float(let m), .float(let v))? = moments[name] { return (m, v) }
        return (Tensor(repeating: 0, shape: shape), Tensor(repeating: 0, shape: shape))
    }

    private func doubles(_ name: String, _ shape: [Int]) -> (Tensor<Double>, Tensor<Double>) {
        if case (.double(let m), .double(let v))? = moments[name] { return (m, v) }
        return (Tensor(repeating: 0, shape: shape), Tensor(repeating: 0, shape: shape))
    }

    private static func update<Scalar: GradientScalar>(
        _ numbers: AdamStep,
        _ x: inout Tensor<Scalar>,
        _ gradient: Tensor<Scalar>,
        _ m: inout Tensor<Scalar>,
        _ v: inout Tensor<Scalar>
    ) {
        let count = x.count
        x.scalars.withUnsafeMutableBufferPointer { x in
            m.scalars.withUnsafeMutableBufferPointer { m in
                v.scalars.withUnsafeMutableBufferPointer { v in
                    gradient.scalars.withUnsafeBufferPointer { gradient in
                        guard let x = x.baseAddress, let m = m.baseAddress,
                            let v = v.baseAddress, let gradient = gradient.baseAddress
                        else { return }
                        Scalar.adam(numbers, x, gradient: gradient, m: m, v: v, count: count)
                    }
                }
            }
        }
    }

    /// The moments, as a checkpoint stores them: `m/NAME` and `v/NAME`.
    public var tensors: [String: RawTensor] {
        var tensors: [String: RawTensor] = [:]
        for (name, moment) in moments {
            tensors["m/" + name] = moment.m.raw
            tensors["v/" + name] = moment.v.raw
        }
        return tensors
    }

    /// Goes on from a checkpoint.
    ///
    /// - Throws: `WeightError`.
    public func restore(_ weights: Weights, steps: Int) throws {
        self.steps = steps
        for (name, value) in parameters.trained where weights.has("m/" + name) {
            moments[name] =
                switch value {
                case .float(let variable):
                    (
                        .float(try weights.float("m/" + name, variable.shape)),
                        .float(try weights.float("v/" + name, variable.shape))
                    )
                case .double(let variable):
                    (
                        .double(try weights.double("m/" + name, variable.shape)),
                        .double(try weights.double("v/" + name, variable.shape))
                    )
                }
        }
    }
}
