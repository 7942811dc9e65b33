/// Repeated readings of one quantity; smaller is better.
struct Measure: Codable, Sendable {
    /// How often everything is repeated that is not a matter of minutes.
    static let repetitions = 7

    /// What was measured.
    let name: String
    /// The unit of all readings.
    let unit: String
    /// The readings, in the order in which they were taken.
    let readings: [Double]

    /// The middle reading.
    var median: Double {
        let sorted = readings.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    init(_ name: String, _ unit: String, _ readings: [Double]) {
        precondition(!readings.isEmpty, "\(name) has no readings")
        self.name = name
        self.unit = unit
        self.readings = readings
    }

    /// Milliseconds of a piece of work, after one run that does not count.
    static func milliseconds(
        _ name: String,
        repetitions: Int = Measure.repetitions,
        _ work: () throws -> Void
    ) rethrows -> Measure {
        try work()
        let clock = ContinuousClock()
        let readings = try (0..<repetitions).map { _ in
            try clock.measure(work) / .milliseconds(1)
        }
        return Measure(name, "ms", readings)
    }
}
