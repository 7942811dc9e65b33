internal import Foundation
internal import Synchronization

/// A program of the engine that is run to its end.
struct Invocation {
    /// What it left.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs a program that is looked up on PATH.
    ///
    /// - Parameters:
    ///   - program: Its name, or its path.
    ///   - arguments: Its arguments.
    ///   - seconds: After so many it is ended; a controller that does not answer must not hold everything up.
    /// - Returns: What it printed and how it ended.
    /// - Throws: `ClusterError`, `.engine` if it is not there or took too long.
    static func run(_ program: String, _ arguments: [String], seconds: Double) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let (output, errors) = (Collector(), Collector())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        do { try process.run() } catch {
            throw ClusterError(.engine, "\(program): cannot be started: \(error)")
        }
        let ended = DispatchSemaphore(value: 0)
        // The last word about a process is its end, not the end of its output, which a child may hold open.
        DispatchQueue.global().async {
            process.waitUntilExit()
            ended.signal()
        }
        guard ended.wait(timeout: .now() + seconds) == .success else {
            process.terminate()
            let said = errors.text().split(separator: "\n").last.map { " (\($0))" } ?? ""
            throw ClusterError(
                .engine,
                "\(program): no answer within \(Int(seconds)) s\(said); is the controller up? see sinfo"
            )
        }
        guard process.terminationStatus != 127 else {
            throw ClusterError(
                .engine,
                "\(program): not found; install the client programs of Slurm (Debian: slurm-client) and put "
                    + "them on PATH"
            )
        }
        return Outcome(
            status: process.terminationStatus,
            output: output.text(),
            errors: errors.text()
        )
    }

    /// Reads a pipe beside, so that its writer never waits.
    private final class Collector: Sendable {
        let pipe = Pipe()
        private let bytes = Mutex(Data())
        private let ended = DispatchSemaphore(value: 0)

        init() {
            let handle = pipe.fileHandleForReading
            DispatchQueue.global().async { [self] in
                while true {
                    let piece = handle.availableData
                    guard !piece.isEmpty else { break }
                    bytes.withLock { $0.append(piece) }
                }
                ended.signal()
            }
        }

        func text() -> String {
            _ = ended.wait(timeout: .now() + 1)
            return bytes.withLock { String(decoding: $0, as: UTF8.self) }
        }
    }
}
