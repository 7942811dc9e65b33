internal import Synchronization

/// The memory of a network between two runs: one piece is kept, so that a film pays for its pages once.
final class Workspace<Memory: AnyObject>: Sendable {
    /// Unchecked: memory is here only while nobody uses it; `take` empties the place.
    private struct Kept: @unchecked Sendable { var memory: Memory? }

    private let kept = Mutex(Kept())
    private let make: @Sendable () -> Memory

    init(_ make: @escaping @Sendable () -> Memory) { self.make = make }

    /// Memory that nobody else uses.
    func take() -> Memory {
        let taken = kept.withLock { kept in
            defer { kept.memory = nil }
            return Kept(memory: kept.memory)
        }
        return taken.memory ?? make()
    }

    /// Keeps memory for the next run.
    func giveBack(_ memory: Memory) {
        let given = Kept(memory: memory)
        kept.withLock { $0 = given }
    }
}
