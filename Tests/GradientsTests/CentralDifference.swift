import Gradients
import Tensors
import Testing

/// Numbers between -1 and 1 that do not repeat, the same in every run.
func varied(_ shape: [Int], seed: Int = 1) -> Tensor<Double> {
    var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let count = shape.reduce(1, *)
    return Tensor(
        shape: shape,
        scalars: (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53) * 2 - 1
        }
    )
}

/// Compares the gradients of a function with central differences.
///
/// The function's value is summed up with fixed weights, so that every element of it counts differently.
/// With a step h the difference is off by h^2 (third derivative) and by 1e-16 / h for rounding: h = 1e-5 leaves
/// about 1e-10 of each for values around 1; 1e-7 of the largest gradient is room for sums of thousands.
func expectGradients(
    of inputs: [Tensor<Double>],
    step: Double = 1e-5,
    tolerance: Double = 1e-7,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ function: ([Variable<Double>]) throws -> Variable<Double>
) throws {
    func loss(_ inputs: [Variable<Double>]) throws -> Variable<Double> {
        let value = try function(inputs)
        return (value * Variable(varied(value.shape, seed: 99))).total
    }
    let variables = inputs.map { Variable($0, needsGradient: true) }
    try loss(variables).backward()
    for (index, input) in inputs.enumerated() {
        let gradient = try #require(
            variables[index].gradient,
            "input \(index) has no gradient",
            sourceLocation: sourceLocation
        )
        var scale = 1e-3
        for value in gradient.scalars { scale = max(scale, abs(value)) }
        // Some of many elements are enough: a formula that is wrong is wrong for most of them.
        for element in stride(from: 0, to: input.count, by: max(1, input.count / 40)) {
            func value(_ shift: Double) throws -> Double {
                var moved = inputs
                moved[index].scalars[element] += shift
                return try loss(moved.map { Variable($0) }).number
            }
            let difference = (try value(step) - value(-step)) / (2 * step)
            let found = gradient.scalars[element]
            #expect(
                abs(found - difference) <= tolerance * scale,
                "input \(index), element \(element): \(found), by differences \(difference)",
                sourceLocation: sourceLocation
            )
        }
    }
}
