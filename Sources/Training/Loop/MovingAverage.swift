internal import Gradients
internal import Kernels
public import Tensors

/// An exponential moving average of the parameters, which is what a pack is made of.
///
/// `average = decay average + (1 - decay) x`; the decay of early steps is smaller, `(1 + n) / (10 + n)`, so that the
/// start is soon forgotten.
public final class MovingAverage {
    private let parameters: Parameters
    private let decay: Double
    private var floats: [String: Tensor<Float>] = [:]
    private var doubles: [String: Tensor<Double>] = [:]

    /// Starts from the parameters as they are.
    public init(_ parameters: Parameters, decay: Double) {
        self.parameters = parameters
        self.decay = decay
        for (name, value) in parameters.trained {
            switch value {
            case .float(let variable): floats[name] = variable.value
            case .double(let variable): doubles[name] = variable.value
            }
        }
    }

    /// Takes in the parameters after a step, counted from 1.
    public func update(step: Int) {
        let decay = min(decay, Double(1 + step) / Double(10 + step))
        for (name, value) in parameters.trained {
            switch value {
            case .float(let variable): Self.mix(&floats[name], variable.value, decay)
            case .double(let variable): Self.mix(&doubles[name], variable.value, decay)
            }
        }
    }

    private static func mix<Scalar: GradientScalar>(
        _ average: inout Tensor<Scalar>?,
        _ value: Tensor<Scalar>,
        _ decay: Double
    ) {
        guard var sum = average else {
            average = value
            return
        }
        average = nil
        let count = sum.count
        sum.scalars.withUnsafeMutableBufferPointer { sum in
            value.scalars.withUnsafeBufferPointer { value in
                guard let sum = sum.baseAddress, let value = value.baseAddress else { return }
                Scalar.map(.sum, sum, value, Scalar(decay), Scalar(1 - decay), sum, count: count)
            }
        }
        average = sum
    }

    /// The averages under the parameters' names; buffers as they are.
    public var tensors: [String: RawTensor] {
        floats.mapValues { RawTensor($0) }
            .merging(doubles.mapValues { RawTensor($0) }) { first, _ in first }
            .merging(parameters.bufferTensors) { first, _ in first }
    }

    /// Goes on from a checkpoint.
    ///
    /// - Throws: `WeightError`.
    public func restore(_ weights: Weights) throws {
        for (name, tensor) in floats { floats[name] = try weights.float(name, tensor.shape) }
        for (name, tensor) in doubles { doubles[name] = try weights.double(name, tensor.shape) }
    }
}
