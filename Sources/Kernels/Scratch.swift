internal import Synchronization

/// Memory that convolutions reorder into; grown to the largest layer and kept, so that no layer pays
/// for fresh pages.
///
/// Unchecked: the blocks are only touched inside `withShared`, under one mutex.
final class Scratch: @unchecked Sendable {
    var source = Block()
    var destination = Block()

    private static let lock = Mutex<Void>(())
    private static let shared = Scratch()

    static func withShared(_ body: (Scratch) -> Void) {
        lock.withLock { _ in body(shared) }
    }

    /// A block that only grows.
    struct Block: ~Copyable {
        private var storage: UnsafeMutableRawPointer?
        private var capacity = 0

        mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
            if let storage, byteCount <= capacity { return storage }
            storage?.deallocate()
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
            storage = fresh
            capacity = byteCount
            return fresh
        }

        deinit { storage?.deallocate() }
    }
}
