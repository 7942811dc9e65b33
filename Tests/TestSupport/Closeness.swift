public import Tensors
public import Testing

/// Expects two tensors to agree; a difference d passes if `d <= abs + rel * |expected|`.
///
/// A failure prints the element that exceeds its bound most, its index and both values. NaN agrees with
/// nothing.
///
/// - Parameters:
///   - actual: What was computed.
///   - expected: What it should be.
///   - abs: The absolute part of the bound.
///   - rel: The part of the bound that grows with the expected value.
///   - because: Why the bound is what it is.
///   - name: What is compared, for the message.
///   - sourceLocation: Where the expectation stands.
public func expectClose(
    _ actual: Tensor<Double>,
    _ expected: Tensor<Double>,
    abs: Double,
    rel: Double = 0,
    because: String,
    name: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.shape == expected.shape else {
        Issue.record(
            "\(name): the shape is \(actual.shape), expected \(expected.shape)",
            sourceLocation: sourceLocation
        )
        return
    }
    var worst: (excess: Double, position: Int)?
    var failures = 0
    for (position, (value, wanted)) in zip(actual.scalars, expected.scalars).enumerated() {
        let difference = (value - wanted).magnitude
        let bound = abs + rel * wanted.magnitude
        if value == wanted || difference <= bound { continue }
        failures += 1
        let excess = difference.isNaN ? .infinity : difference - bound
        if worst.map({ excess > $0.excess }) ?? true { worst = (excess, position) }
    }
    guard let position = worst?.position else { return }
    Issue.record(
        """
        \(name): \(failures) of \(actual.count) elements differ by more than \(abs) + \(rel) |x| \
        (\(because)); worst at \(index(of: position, in: actual.shape)): \
        \(actual.scalars[position]), expected \(expected.scalars[position])
        """,
        sourceLocation: sourceLocation
    )
}

/// Expects two float32 tensors to agree; see the float64 form.
public func expectClose(
    _ actual: Tensor<Float>,
    _ expected: Tensor<Float>,
    abs: Double,
    rel: Double = 0,
    because: String,
    name: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectClose(
        actual.widened,
        expected.widened,
        abs: abs,
        rel: rel,
        because: because,
        name: name,
        sourceLocation: sourceLocation
    )
}

/// The index on every axis of the element at a row-major position.
private func index(of position: Int, in shape: [Int]) -> [Int] {
    var rest = position
    var index: [Int] = []
    for extent in shape.reversed() {
        index.append(rest % extent)
        rest /= extent
    }
    return index.reversed()
}

/// The largest difference of two tensors of one shape; infinity if the shapes differ or a value is NaN.
public func worstDifference(_ actual: Tensor<Double>, _ expected: Tensor<Double>) -> Double {
    guard actual.shape == expected.shape else { return .infinity }
    return zip(actual.scalars, expected.scalars).reduce(0) { worst, pair in
        let difference = (pair.0 - pair.1).magnitude
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}
