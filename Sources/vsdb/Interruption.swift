import Foundation
import Pipelines
import Synchronization

/// Turns Ctrl-C and SIGTERM into a request to stop; the second one ends at once.
///
/// No signal may run a handler on a thread that computes: oneDNN's `sgemm` kernels use the stack pointer
/// as one more register, so that the frame of a handler would land in a tensor or in the heap's books. All
/// threads therefore block both signals, and one thread does nothing but wait for them.
enum Interruption {
    private static let cancellation = Cancellation()
    private static let isAwaited = Atomic(false)
    private static let received = Atomic<Int32>(0)

    /// Blocks the signals and waits for them beside.
    ///
    /// Called before there is any other thread, for threads inherit what is blocked.
    static func start() {
        var wanted = sigset_t()
        sigemptyset(&wanted)
        for number in [SIGINT, SIGTERM] { sigaddset(&wanted, number) }
        pthread_sigmask(SIG_BLOCK, &wanted, nil)
        let thread = Thread { [wanted] in receive(wanted) }
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Makes the first signal a request, for the commands that look at it.
    ///
    /// Other commands end at once.
    ///
    /// - Returns: The request.
    static func install() -> Cancellation {
        isAwaited.store(true, ordering: .sequentiallyConsistent)
        return cancellation
    }

    /// Lets the first signal end the command at once again: what it was to make is made.
    static func release() { isAwaited.store(false, ordering: .sequentiallyConsistent) }

    /// How a command ends that was asked to stop.
    static var status: ExitStatus { wasTerminated ? .terminated : .interrupted }

    /// Whether it was SIGTERM.
    static var wasTerminated: Bool { received.load(ordering: .relaxed) == SIGTERM }

    private static func receive(_ wanted: sigset_t) {
        var wanted = wanted
        while true {
            var number: Int32 = 0
            guard sigwait(&wanted, &number) == 0 else { continue }
            let isFirst = received.exchange(number, ordering: .relaxed) == 0
            guard isFirst, isAwaited.load(ordering: .sequentiallyConsistent) else {
                _exit(128 + number)
            }
            cancellation.cancel()
        }
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
