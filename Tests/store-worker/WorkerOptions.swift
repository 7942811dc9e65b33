import Foundation
import Glibc

/// What befalls the process.
struct WorkerOptions {
    var step: String?
    private var action = ""
    private var fileLimit: UInt?
    private var user: UInt32?
    var seconds = 1.0
    var first = 1000

    /// Nil if they are not understood.
    init?(_ arguments: ArraySlice<String>) {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch name {
            case "--at":
                guard let action = rest.popFirst() else { return nil }
                (step, self.action) = (value, action)
            case "--file-limit": fileLimit = UInt(value)
            case "--user": user = UInt32(value)
            case "--seconds": seconds = Double(value) ?? 1
            case "--first": first = Int(value) ?? 0
            default: return nil
            }
        }
    }

    /// Takes away from this process what it shall not have.
    func restrict() throws {
        if let fileLimit {
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: fileLimit, rlim_max: fileLimit)
            guard setrlimit(__rlimit_resource_t(1), &limit) == 0 else { throw POSIXError(.EPERM) }
        }
        if let user {
            guard setgid(user) == 0, setuid(user) == 0 else { throw POSIXError(.EPERM) }
        }
    }

    /// Does what is to be done at the step.
    func act(beside library: String) throws {
        switch action {
        case "kill": kill(getpid(), SIGKILL)
        case "fill": try Self.fillDisk(library + "-filler")
        case "wait":
            say("waiting")
            usleep(UInt32(seconds * 1e6))
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
