import Foundation
import Glibc

/// Whether the work is to stop, asked between its pieces.
struct StopRequest: Sendable {
    /// Says so once it is.
    var ask: @Sendable () -> Bool = { false }

    private static let intervalMilliseconds = 50

    /// - Throws: `StoreError`, `.interrupted`.
    func check() throws(StoreError) {
        if ask() {
            throw StoreError(.interrupted, "interrupted; nothing half-done was left behind")
        }
    }

    /// Runs a call of another library that writes a file and cannot be asked to stop.
    ///
    /// Once it is to stop, the descriptor leads to nothing that can be written, so that the call fails.
    func `while`<Result>(writing file: Int32, _ call: () -> Result) -> Result {
        let (isDone, hasEnded) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let thread = Thread {
            defer { hasEnded.signal() }
            while isDone.wait(timeout: .now() + .milliseconds(Self.intervalMilliseconds))
                != .success
            {
                guard ask() else { continue }
                let closed = open("/dev/null", O_RDONLY | O_CLOEXEC)
                guard closed >= 0 else { continue }
                dup2(closed, file)
                close(closed)
                return
            }
        }
        thread.stackSize = 256 << 10
        thread.start()
        defer {
            isDone.signal()
            // The caller closes the descriptor, whose number another file may get.
            hasEnded.wait()
        }
        return call()
    }
}
