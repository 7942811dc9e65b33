import Foundation
import Glibc

/// What befalls the process.
struct WorkerOptions {
    var step: String?
    private var action = ""
    private var fileLimit: UInt?
    private var user: UInt32?
    private var hasWaited = false
    var seconds = 1.0
    var first = 1000

    /// Nil if they are not understood.
    init?(_ arguments: ArraySlice<String>) {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            let isUnderstood =
                switch name {
                case "--at": setAction(at: value, rest.popFirst())
                case "--file-limit": set(&fileLimit, UInt(value))
                case "--user": set(&user, UInt32(value))
                case "--seconds":
                    set(&seconds, Double(value).flatMap { (0..<1e9).contains($0) ? $0 : nil })
                case "--first": set(&first, Int(value))
                default: false
                }
            guard isUnderstood else { return nil }
        }
    }

    private mutating func setAction(at step: String, _ action: String?) -> Bool {
        guard let action, ["kill", "fill", "wait"].contains(action) else { return false }
        (self.step, self.action) = (step, action)
        return true
    }

    /// Takes away from this process what it shall not have.
    func restrict() throws {
        if let fileLimit {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: fileLimit, rlim_max: fileLimit)
            let kind = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            guard setrlimit(kind, &limit) == 0 else { throw POSIXError(.EPERM) }
        }
        if let user {
            guard setgid(user) == 0, setuid(user) == 0 else { throw POSIXError(.EPERM) }
        }
    }

    /// Does what is to be done at the step: waits only where it comes there first.
    mutating func act(beside library: String) throws {
        switch action {
        case "kill": kill(getpid(), SIGKILL)
        case "fill": try Self.fillDisk(library + "-filler")
        case "wait" where hasWaited: break
        case "wait":
            hasWaited = true
            say("waiting")
            WakingSignal.sleep(seconds)
        default: throw POSIXError(.EINVAL)
        }
    }

    /// Writes a file until there is no room for another byte.
    private static func fillDisk(_ path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw POSIXError(.EIO) }
        defer { close(file) }
        let block = [UInt8](repeating: 1, count: 1 << 16)
        for count in [block.count, 4096, 1] { while write(file, block, count) > 0 {} }
    }
}

/// Puts a value where it belongs; false if there is none.
private func set<Value>(_ place: inout Value, _ value: Value?) -> Bool {
    if let value { place = value }
    return value != nil
}

/// A signal that ends a sleep: a test that sends it depends on nobody's speed.
///
/// It is blocked and waited for, on any thread: a handler would run on a thread that does not sleep.
enum WakingSignal {
    private static var signals: sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        return signals
    }

    /// Keeps it until somebody sleeps; before there are other threads, which do likewise.
    static func block() {
        var signals = signals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Sleeps, at most until the signal comes.
    static func sleep(_ seconds: Double) {
        var signals = signals
        let whole = seconds.rounded(.down)
        var time = timespec(tv_sec: Int(whole), tv_nsec: Int((seconds - whole) * 1e9))
        while sigtimedwait(&signals, nil, &time) < 0, errno == EINTR {}
    }
}
