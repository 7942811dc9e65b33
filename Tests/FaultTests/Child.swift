import Foundation
import Glibc
import TestSupport
import Testing

/// How a process ended.
enum Ending: Equatable {
    case exit(Int32)
    case signal(Int32)
    /// It cannot be waited for, by this value of `errno`: somebody has done so before.
    case lost(Int32)
}

/// A process that a test starts, and that may die.
struct Child {
    let process: pid_t
    /// Where its output goes: on a disk that no test fills.
    private let folder: TemporaryFolder

    /// Starts a program that was built beside the tests.
    init(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        let path = try builtProgram(name)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (number, name) in [(Int32(1), "/out"), (2, "/err")] {
            posix_spawn_file_actions_addopen(
                &actions,
                number,
                folder.path + name,
                O_WRONLY | O_CREAT | O_APPEND,
                0o644
            )
        }
        var variables = ProcessInfo.processInfo.environment
        variables["VSDB_LIBRARY"] = nil
        variables["OMP_NUM_THREADS"] = "1"
        variables.merge(environment) { $1 }
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, path, &actions, nil, words, settings)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        self.process = process
    }

    /// Runs a program to its end.
    static func run(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> (ending: Ending, child: Child) {
        let child = try Child(name, arguments, environment: environment)
        return (child.wait(), child)
    }

    func kill() { send(SIGKILL) }

    /// Ends the sleep of a `store-worker`.
    func wake() { send(SIGUSR1) }

    private func send(_ signal: Int32) { _ = Glibc.kill(process, signal) }

    /// Waits for the end; whatever takes longer than two minutes hangs, and is killed.
    func wait() -> Ending {
        let end = ContinuousClock.now + .seconds(120)
        var hangs = false
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            guard ended == 0 else { return .lost(errno) }
            if !hangs, ContinuousClock.now > end {
                hangs = true
                Issue.record("process \(process) hangs; \(errors)")
                kill()
            }
            usleep(300)
        }
        let signal = status & 0x7F
        return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
    }

    var output: String { text("/out") }
    var errors: String { text("/err") }

    /// The numbers behind a word at the beginning of lines of the output; a line without end does not count.
    func numbers(after word: String) -> [Int] {
        output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .filter { $0.hasPrefix(word + " ") }
            .compactMap { Int($0.dropFirst(word.count + 1)) }
    }

    /// Waits until something stands in the output; that it never does is an issue.
    func waitForOutput(_ text: String) {
        let end = ContinuousClock.now + .seconds(60)
        while !output.contains(text) {
            guard ContinuousClock.now < end else {
                Issue.record("process \(process) does not say \"\(text)\"; \(errors)")
                return
            }
            usleep(2000)
        }
    }

    private func text(_ name: String) -> String {
        let data = FileManager.default.contents(atPath: folder.path + name) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}
