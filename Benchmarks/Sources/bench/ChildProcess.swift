import Foundation

/// A program that was run to its end, and what it took.
struct ChildProcess {
    /// Seconds from its start to its end.
    let seconds: Double
    /// Seconds from its start to the first byte on its standard output; nil if there was none.
    let firstByteSeconds: Double?
    /// The largest resident memory, MiB.
    let peakMebibytes: Double
    /// What it wrote to standard output.
    let output: Data

    /// Runs a program; its messages go to our standard error.
    ///
    /// - Throws: `BenchError` if it cannot be started or does not end with 0.
    init(
        _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let pipe = Pipe()
        let reading = pipe.fileHandleForReading.fileDescriptor
        let writing = pipe.fileHandleForWriting.fileDescriptor
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, writing, STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, reading)

        let clock = ContinuousClock()
        let began = clock.now
        var words = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var child = pid_t()
        let status = posix_spawn(&child, arguments[0], &actions, nil, &words, &variables)
        guard status == 0 else {
            throw BenchError("\(arguments[0]): \(String(cString: strerror(status)))")
        }
        try pipe.fileHandleForWriting.close()

        var output = Data()
        var firstByte: Duration?
        while true {
            let part = pipe.fileHandleForReading.availableData
            guard !part.isEmpty else { break }
            firstByte = firstByte ?? (clock.now - began)
            output += part
        }
        var state: Int32 = 0
        var usage = rusage()
        while wait4(child, &state, 0, &usage) == -1 {
            guard errno == EINTR else { throw BenchError("the child was lost") }
        }
        seconds = (clock.now - began) / .seconds(1)
        firstByteSeconds = firstByte.map { $0 / .seconds(1) }
        peakMebibytes = Double(usage.ru_maxrss) / 1024
        self.output = output
        guard state == 0 else {
            throw BenchError("\(arguments.joined(separator: " ")) ended with status \(state >> 8)")
        }
    }
}
