internal import Kernels
internal import Synchronization

/// The memory of a generator between two syntheses: one block is kept, so that a film pays for its pages once.
final class SynthesisWorkspace: Sendable {
    /// Unchecked: scratch memory is here only while nobody uses it; `take` empties the place.
    private struct Kept: @unchecked Sendable { var scratch: FeatureScratch? }

    private let kept = Mutex(Kept())

    /// Memory that nobody else uses.
    func take() -> FeatureScratch {
        let taken = kept.withLock { kept in
            defer { kept.scratch = nil }
            return Kept(scratch: kept.scratch)
        }
        return taken.scratch ?? FeatureScratch()
    }

    /// Keeps memory for the next synthesis.
    func giveBack(_ scratch: FeatureScratch) {
        let given = Kept(scratch: scratch)
        kept.withLock { $0 = given }
    }
}
