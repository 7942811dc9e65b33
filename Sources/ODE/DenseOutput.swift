/// The quartic through both ends, both slopes and the middle of one accepted step.
struct DenseOutput {
    let start: Double
    let end: Double
    private let coefficients: [[Double]]

    /// Fits the quartic.
    init(
        start: Double,
        end: Double,
        y0: [Double],
        y1: [Double],
        middle: [Double],
        f0: [Double],
        f1: [Double]
    ) {
        let dt = end - start
        self.start = start
        self.end = end
        var quartic = [Double](repeating: 0, count: y0.count)
        var cubic = quartic
        var square = quartic
        var linear = quartic
        for i in y0.indices {
            quartic[i] = 2 * dt * (f1[i] - f0[i]) - 8 * (y1[i] + y0[i]) + 16 * middle[i]
            cubic[i] =
                dt * (5 * f0[i] - 3 * f1[i]) + 18 * y0[i] + 14 * y1[i] - 32 * middle[i]
            square[i] = dt * (f1[i] - 4 * f0[i]) - 11 * y0[i] - 5 * y1[i] + 16 * middle[i]
            linear[i] = dt * f0[i]
        }
        coefficients = [y0, linear, square, cubic, quartic]
    }

    /// The state at a time inside the step.
    func callAsFunction(_ t: Double) -> [Double] {
        let x = (t - start) / (end - start)
        return coefficients[0].indices.map { i in
            let high = coefficients[3][i] + x * coefficients[4][i]
            return coefficients[0][i] + x
                * (coefficients[1][i] + x * (coefficients[2][i] + x * high))
        }
    }
}
