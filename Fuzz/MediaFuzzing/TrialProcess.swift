import Foundation
import Glibc

/// A process that reads inputs and writes a line about each.
final class TrialProcess {
    private let process = Process()
    private let output = Pipe()
    private let log: String
    private var buffer: [UInt8] = []
    /// Whether a line did not come in time.
    private(set) var ranOutOfTime = false

    init(_ program: URL, _ arguments: [String]) throws {
        log = arguments[1] + "/errors"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        // Otherwise the end of the child would not be the end of the pipe.
        try output.fileHandleForWriting.close()
    }

    /// The next line; nil if the process has ended, or takes too long.
    func line(within seconds: Double) -> String? {
        let descriptor = output.fileHandleForReading.fileDescriptor
        let end = Date().addingTimeInterval(seconds)
        while true {
            if let newline = buffer.firstIndex(of: 0x0A) {
                defer { buffer.removeSubrange(...newline) }
                return String(decoding: buffer[..<newline], as: UTF8.self)
            }
            let rest = end.timeIntervalSinceNow
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard rest > 0, poll(&waiting, 1, Int32(rest * 1000) + 1) > 0 else {
                ranOutOfTime = rest <= 0.001 || end.timeIntervalSinceNow <= 0.001
                if ranOutOfTime { return nil }
                continue
            }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return nil }
            buffer += bytes.prefix(count)
        }
    }

    /// Whether the process, which has ended, did so by itself and without complaint.
    var endedWell: Bool {
        !ranOutOfTime && process.terminationReason == .exit && process.terminationStatus == 0
    }

    /// Waits for the end, or makes it.
    ///
    /// - Returns: How it came, with the last words of the process.
    func end() -> String {
        if ranOutOfTime { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        if ranOutOfTime { return "it takes longer than allowed" }
        let words = FileManager.default.contents(atPath: log) ?? Data()
        let text = String(decoding: words.prefix(600), as: UTF8.self)
        let how = process.terminationReason == .uncaughtSignal ? "signal" : "status"
        return "the process ended with \(how) \(process.terminationStatus): \(text)"
    }
}
