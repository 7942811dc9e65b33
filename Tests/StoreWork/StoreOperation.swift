import Foundation
import Store

/// What can be done to a library and interrupted.
package enum StoreOperation: String, CaseIterable, Sendable {
    /// Adds clips in groups.
    case ingest
    /// Removes clips, then collects their tensors.
    case collect
    case compact
    case migrate
    /// Copies the library to the folder `copy` beside it.
    case backup
    case repair

    /// The clips of the library before; see `StoreTemplate`.
    package static let oldSeeds = 0..<8
    /// The clips that `ingest` adds.
    package static let newSeeds = 100..<112
    /// The clips that `collect` removes.
    package static let removedSeeds = 0..<4
    /// The clip that is damaged before `repair`, and is lost.
    package static let damagedSeed = 0

    private static let groupCount = 4

    /// The names of the steps, in order.
    package var steps: [String] {
        switch self {
        case .ingest: [CommitStep.tensorsStored, .catalogLocked, .rowsWritten].map { "\($0)" }
        case .collect:
            RemovalStep.allCases.map(\.rawValue) + CollectionStep.allCases.map(\.rawValue)
        case .compact: Library.CompactStep.allCases.map(\.rawValue)
        case .migrate: Library.MigrationStep.allCases.map(\.rawValue)
        case .backup: Library.BackupStep.allCases.map(\.rawValue)
        case .repair: Library.RepairStep.allCases.map(\.rawValue)
        }
    }

    /// The clips that are whole at any moment.
    package var keptSeeds: [Int] {
        switch self {
        case .collect: Self.oldSeeds.filter { !Self.removedSeeds.contains($0) }
        case .repair: Self.oldSeeds.filter { $0 != Self.damagedSeed }
        default: Array(Self.oldSeeds)
        }
    }

    /// The clips that are there when all is done.
    package var finalSeeds: [Int] { keptSeeds + (self == .ingest ? Array(Self.newSeeds) : []) }

    /// The folder that `backup` makes.
    package static func copyPath(_ library: String) -> String { library + "-copy" }

    /// Does it; what an earlier attempt did already is passed over.
    ///
    /// - Parameters:
    ///   - path: The library, which this process has not open.
    ///   - onStep: Is told each step; what it throws ends the operation there.
    ///   - onClip: Is told the seed of each clip that is ingested, once it is.
    /// - Throws: `StoreError`.
    package func run(
        at path: String,
        onStep: (String) throws -> Void = { _ in },
        onClip: (Int) -> Void = { _ in }
    ) throws {
        switch self {
        case .ingest:
            let library = try Library.open(at: path)
            for start in stride(
                from: Self.newSeeds.lowerBound,
                to: Self.newSeeds.upperBound,
                by: Self.groupCount
            ) {
                let seeds = start..<start + Self.groupCount
                _ = try library.commit(seeds.map { SyntheticClip.make($0) }) { try onStep("\($0)") }
                for seed in seeds { onClip(seed) }
            }
        case .collect:
            let library = try Library.open(at: path)
            let ids = try Self.removedSeeds.map { SyntheticClip.make($0).id }
                .filter { try library.hasClip($0) }
            _ = try library.remove(ids) { try onStep($0.rawValue) }
            _ = try library.collectGarbage { try onStep($0.rawValue) }
        case .compact:
            _ = try Library.compact(at: path, waitSeconds: 10) { try onStep($0.rawValue) }
        case .migrate: _ = try Library.migrate(at: path) { try onStep($0.rawValue) }
        case .backup:
            let library = try Library.open(at: path)
            _ = try library.backUp(to: Self.copyPath(path)) { try onStep($0.rawValue) }
        case .repair:
            _ = try Library.repair(at: path, waitSeconds: 10) { try onStep($0.rawValue) }
        }
    }
}
