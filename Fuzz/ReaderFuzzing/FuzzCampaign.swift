package import Foundation

/// A run of changed files through one reader, with its counts.
package struct FuzzCampaign: CustomStringConvertible {
    private let reader: FuzzedReader
    private let seeds: [Data]
    private var mutator: Mutator
    /// How many files were tried.
    package private(set) var executionCount = 0
    /// How many of them the reader took.
    package private(set) var readCount = 0

    /// Prepares a run.
    ///
    /// - Parameters:
    ///   - reader: What is tried.
    ///   - seeds: Sound files, at least one.
    ///   - seed: The start of the random numbers.
    package init(_ reader: FuzzedReader, seeds: [Data], seed: UInt64) {
        self.reader = reader
        self.seeds = seeds
        mutator = Mutator(seed: seed)
    }

    /// Tries a number of files; a finding ends the process.
    package mutating func run(_ count: Int) {
        for _ in 0..<count {
            let file = mutator.change(seeds[mutator.below(seeds.count)], others: seeds)
            executionCount += 1
            if reader.read(file) { readCount += 1 }
        }
    }

    /// The counts in words.
    package var description: String {
        "\(reader): \(executionCount) changed files, \(readCount) of them read, the others refused"
    }
}
