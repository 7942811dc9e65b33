import Foundation
import Pipelines
import Synchronization

/// Turns Ctrl-C and SIGTERM into a request to stop; the second one ends at once.
enum Interruption {
    private static let cancellation = Cancellation()
    private static let received = Atomic<Int32>(0)

    /// Starts to listen; for the commands that look at the request.
    ///
    /// - Returns: The request, set by the first signal.
    static func install() -> Cancellation {
        // The handler touches only what is made before it can run, and atomics.
        let request = cancellation
        _ = received.load(ordering: .relaxed)
        // A program that starts us from one of its worker threads may have them blocked.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&wanted, number)
            signal(number, handle)
        }
        pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
        return request
    }

    /// Whether it was SIGTERM.
    static var wasTerminated: Bool { received.load(ordering: .relaxed) == SIGTERM }

    private static let handle: @convention(c) (Int32) -> Void = { number in
        if Interruption.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Interruption.cancellation.cancel()
    }
}

/// Ends a crash with the exit code for bugs.
enum CrashNotice {
    private static let text: StaticString =
        "vsdb: error: this is a bug in vsdb, please report it with the command\n"

    /// Catches the signals of a crash.
    static func install() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGFPE, SIGABRT, SIGBUS] { signal(number, handle) }
    }

    private static let handle: @convention(c) (Int32) -> Void = { _ in
        _ = write(2, CrashNotice.text.utf8Start, CrashNotice.text.utf8CodeUnitCount)
        _exit(ExitStatus.bug.rawValue)
    }
}
