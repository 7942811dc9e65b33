import Foundation
import TestSupport
import Testing

/// What a run of `vsdb` left.
struct RunResult {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as JSON.
    func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }

    /// Standard output as one JSON object a line.
    func jsonLines() throws -> [[String: Any]] {
        try output.split(separator: "\n").map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            )
        }
    }
}

/// A temporary folder in which the built `vsdb` runs, as a user would run it.
final class Workspace: Sendable {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The sample clips and the shipped pack.
    static let samples = root.appending(path: "Samples").path

    /// A folder with a library that has the shipped pack and two clips, made once.
    static let prepared: Result<Workspace, any Error> = Result {
        let workspace = try Workspace()
        try workspace.expectSuccess("init")
        try workspace.expectSuccess("pack", "add", samples + "/packs/paper-doll")
        try workspace.expectSuccess(
            "ingest",
            clip("figure00_motion00"),
            clip("figure01_motion01"),
            "--tag",
            "doll",
            "--caption",
            "a doll, moving"
        )
        return workspace
    }

    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/vsdb-command-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A copy of the prepared library, for a test that changes it.
    static func copyOfPrepared() throws -> Workspace {
        let copy = try Workspace()
        let source = try prepared.get()
        try FileManager.default.copyItem(
            atPath: source.folder + "/.vsdb",
            toPath: copy.folder + "/.vsdb"
        )
        return copy
    }

    /// The path of a sample clip.
    static func clip(_ name: String) -> String { samples + "/clips/\(name).mp4" }

    /// The path of a file in the folder.
    func path(_ name: String) -> String { folder + "/" + name }

    /// Whether a file of that name is in the folder.
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The names in the folder, without hidden ones.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { !$0.hasPrefix(".vsdb") }.sorted()
    }

    /// Makes a copy of the shipped pack with a changed manifest, in the folder `pack`.
    func makePack(_ change: (inout [String: Any]) -> Void) throws {
        try FileManager.default.copyItem(
            atPath: Self.samples + "/packs/paper-doll",
            toPath: path("pack")
        )
        let file = URL(filePath: path("pack/pack.json"))
        var manifest = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        )
        change(&manifest)
        try JSONSerialization.data(withJSONObject: manifest).write(to: file)
    }

    /// Writes a text file.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    /// Runs to the end.
    @discardableResult
    func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:]
    ) throws -> RunResult {
        let running = try start(arguments, input: input, environment: environment)
        return try running.finish()
    }

    /// Runs to the end and requires that it succeeds.
    @discardableResult
    func expectSuccess(
        _ arguments: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RunResult {
        let result = try run(arguments)
        #expect(
            result.status == 0,
            "vsdb \(arguments.joined(separator: " ")): \(result.errors)",
            sourceLocation: sourceLocation
        )
        return result
    }

    /// Runs a line of bash, in which `$vsdb` is the built program, and which fails if any of its parts does.
    func shell(_ line: String) throws -> RunResult {
        let running = try RunningCommand(
            ["-o", "pipefail", "-c", line],
            of: URL(filePath: "/bin/bash"),
            in: folder,
            input: "",
            environment: ["vsdb": RunningCommand.program.path]
        )
        return try running.finish()
    }

    /// Starts and does not wait.
    func start(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:]
    ) throws -> RunningCommand {
        try RunningCommand(arguments, in: folder, input: input, environment: environment)
    }
}

/// A `vsdb` that is running.
final class RunningCommand {
    private let process = Process()
    private let streams: String

    /// The built `vsdb`.
    static var program: URL { get throws { URL(filePath: try builtProgram("vsdb")) } }

    init(
        _ arguments: [String],
        of program: URL? = nil,
        in folder: String,
        input: String,
        environment: [String: String]
    ) throws {
        // Files, not pipes: no output is too long for them.
        streams = NSTemporaryDirectory() + "/vsdb-streams-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: streams,
            withIntermediateDirectories: true
        )
        for name in ["in", "out", "err"] {
            let data = name == "in" ? Data(input.utf8) : Data()
            try data.write(to: URL(filePath: streams + "/" + name))
        }
        process.executableURL = try program ?? Self.program
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        var variables = ProcessInfo.processInfo.environment
        // Tests run side by side; a training's threads would spin on the others' time.
        variables["OMP_WAIT_POLICY"] = variables["OMP_WAIT_POLICY"] ?? "passive"
        for name in ["VSDB_LIBRARY", "NO_COLOR", "COLUMNS"] { variables[name] = nil }
        process.environment = variables.merging(environment) { $1 }
        process.standardInput = FileHandle(forReadingAtPath: streams + "/in")
        process.standardOutput = FileHandle(forWritingAtPath: streams + "/out")
        process.standardError = FileHandle(forWritingAtPath: streams + "/err")
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(atPath: streams) }

    /// What was written so far to standard error.
    var errors: String { text("err") }
    /// What was written so far to standard output.
    var output: String { text("out") }

    /// How many bytes were written so far to standard output.
    var outputByteCount: Int { FileManager.default.contents(atPath: streams + "/out")?.count ?? 0 }

    /// Whether it still runs.
    var isRunning: Bool { process.isRunning }

    /// Sends a signal.
    func send(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The signals that each thread blocks, bit n - 1 for signal n.
    func blockedSignals() throws -> [UInt64] {
        let tasks = "/proc/\(process.processIdentifier)/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap { task in
            // A thread may end between the list and the look.
            let data = FileManager.default.contents(atPath: "\(tasks)/\(task)/status") ?? Data()
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
            let mask = lines.first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last
            return mask.flatMap { UInt64($0, radix: 16) }
        }
    }

    /// The largest resident memory so far, in bytes; nil once it has ended.
    var peakMemory: Int? {
        let status = "/proc/\(process.processIdentifier)/status"
        let data = FileManager.default.contents(atPath: status) ?? Data()
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 }
    }

    /// Waits for the end.
    func finish() throws -> RunResult {
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "ended by a signal; \(errors)")
        return RunResult(status: process.terminationStatus, output: output, errors: errors)
    }

    /// Waits for the end, which a signal may make before the program takes care of it: a death by the signal has
    /// the status that a shell shows.
    func finish(by signal: Int32) throws -> RunResult {
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal, process.terminationStatus == signal
        else {
            return try finish()
        }
        return RunResult(status: 128 + signal, output: output, errors: errors)
    }

    private func text(_ name: String) -> String {
        let data = FileManager.default.contents(atPath: streams + "/" + name) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }
}
