internal import Synchronization

/// A request to stop, set from another thread.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Starts without a request.
    public init() {}

    /// Asks the work to stop at the next frame or clip.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether to stop.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Stops the work that calls it.
    ///
    /// - Throws: `InterruptedError` once `cancel` was called.
    public func check() throws { if isCancelled { throw InterruptedError() } }
}

/// The work was stopped before its end; what was reported done is done, nothing else was left behind.
public struct InterruptedError: Error, Sendable, CustomStringConvertible {
    /// Says so.
    public var description: String { "interrupted; nothing half-done was left behind" }
}
