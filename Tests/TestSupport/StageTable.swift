public import Tensors
public import Testing

/// The worst error of each stage in each column, collected by a test and printed at its end.
public struct StageTable {
    private let heading: String
    private var stages: [String] = []
    private var columns: [String] = []
    private var worst: [String: [String: Double]] = [:]
    private var bounds: [String: Double] = [:]

    /// Starts an empty table.
    public init(_ heading: String) { self.heading = heading }

    /// Compares two tensors, keeps the worst difference and expects that it is within the bound.
    ///
    /// - Parameters:
    ///   - actual: What was computed.
    ///   - expected: What the reference computed.
    ///   - stage: The row.
    ///   - column: The column.
    ///   - bound: The largest absolute difference that passes.
    ///   - because: Why the bound is what it is.
    ///   - sourceLocation: Where the expectation stands.
    public mutating func compare(
        _ actual: Tensor<Double>,
        _ expected: Tensor<Double>,
        stage: String,
        column: String,
        bound: Double,
        because: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        if !stages.contains(stage) { stages.append(stage) }
        if !columns.contains(column) { columns.append(column) }
        let difference = worstDifference(actual, expected)
        worst[stage, default: [:]][column] = max(worst[stage]?[column] ?? 0, difference)
        bounds[stage] = max(bounds[stage] ?? 0, bound)
        expectClose(
            actual,
            expected,
            abs: bound,
            because: because,
            name: "\(column), \(stage)",
            sourceLocation: sourceLocation
        )
    }

    /// Compares two float32 tensors; see the float64 form.
    public mutating func compare(
        _ actual: Tensor<Float>,
        _ expected: Tensor<Float>,
        stage: String,
        column: String,
        bound: Double,
        because: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        compare(
            actual.widened,
            expected.widened,
            stage: stage,
            column: column,
            bound: bound,
            because: because,
            sourceLocation: sourceLocation
        )
    }

    /// The table in Markdown.
    public var text: String {
        let rows = stages.map { stage in
            [stage] + columns.map { worst[stage]?[$0].map(Self.short) ?? "-" }
                + [bounds[stage].map(Self.short) ?? "-"]
        }
        let titles = ["stage"] + columns + ["tolerance"]
        let lines = [titles, titles.map { _ in "---" }] + rows
        return heading + "\n\n"
            + lines.map { "| \($0.joined(separator: " | ")) |" }
            .joined(separator: "\n")
    }

    /// Two digits and an exponent, as in 1.2e-06.
    private static func short(_ value: Double) -> String {
        guard value.isFinite, value > 0 else { return value == 0 ? "0" : "differs" }
        var (mantissa, exponent) = (value, 0)
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        let tenths = Int((mantissa * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)e\(exponent)"
    }
}
