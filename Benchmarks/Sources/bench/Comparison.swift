import Foundation

/// Takes readings of ours and of a peer in turn and collects the rows of the table.
final class Comparison {
    /// The peers that stay warm; nil if none are installed.
    let peers: PeerProcess?
    let peak: MachinePeak
    private(set) var rows: [BenchRow] = []

    private let word: String?

    /// Starts a table.
    ///
    /// - Parameters:
    ///   - peers: The peers that stay warm; nil for none.
    ///   - word: Rows without it are left out; nil for all.
    /// - Throws: `BenchError` if the machine cannot be measured.
    init(peers: PeerProcess?, only word: String?) throws {
        self.peers = peers
        self.word = word
        peak = try MachinePeak.measured()
    }

    /// How often everything is repeated that is not a matter of minutes.
    static let repetitions = 7

    /// Adds a row: one reading of each that does not count, then as many as wanted of each in turn.
    ///
    /// - Parameters:
    ///   - name: What is measured.
    ///   - unit: The unit of the readings.
    ///   - count: How many equal pieces a reading is shared out among.
    ///   - peakSeconds: What the arithmetic of a piece would take at the machine's peak; for milliseconds.
    ///   - repetitions: How many readings of each count.
    ///   - peer: A reading of the peer; nil for none.
    ///   - ours: A reading.
    /// - Throws: What taking a reading throws.
    func add(
        _ name: String,
        _ unit: String,
        per count: Int = 1,
        peakSeconds: Double? = nil,
        repetitions: Int = Comparison.repetitions,
        peer: (() throws -> Double)? = nil,
        ours: () throws -> Double
    ) throws {
        guard word.map(name.contains) ?? true else { return }
        FileHandle.standardError.write(Data("bench: \(name)\n".utf8))
        var (readings, others): ([Double], [Double]) = ([], [])
        _ = try ours()
        _ = try peer?()
        for _ in 0..<repetitions {
            readings.append(try Self.reading(unit, ours) / Double(count))
            if let peer { others.append(try Self.reading(unit, peer) / Double(count)) }
        }
        add(name, unit, readings, peer: others, peakSeconds: peakSeconds)
    }

    /// One reading, once the other side's threads have gone to sleep: OpenMP's spin for milliseconds after work.
    ///
    /// Of work that takes a few milliseconds it is the median of calls one after the other.
    private static func reading(_ unit: String, _ take: () throws -> Double) throws -> Double {
        let (pause, enough, most) = (0.05, 50.0, 9)
        Thread.sleep(forTimeInterval: pause)
        var calls = [try take()]
        while unit == "ms", calls.count < most, calls.reduce(0, +) < enough {
            calls.append(try take())
        }
        return calls.median
    }

    /// Adds a row of readings that were taken elsewhere.
    func add(
        _ name: String,
        _ unit: String,
        _ readings: [Double],
        peer others: [Double] = [],
        peakSeconds: Double? = nil
    ) {
        guard !readings.isEmpty else { return }
        let own = readings.median
        let other = others.isEmpty ? nil : others.median
        rows.append(
            BenchRow(
                name: name,
                ours: own,
                peer: other,
                unit: unit,
                ratio: other.map { $0 / own },
                peakShare: peakSeconds.map { 1000 * $0 / own },
                readings: readings
            )
        )
    }

    /// Milliseconds of a piece of work.
    static func milliseconds(_ work: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(work) / .milliseconds(1)
    }
}

extension [Double] {
    /// The middle element, or the mean of the two middle ones; there is at least one.
    var median: Double {
        let sorted = sorted()
        let middle = count / 2
        return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
