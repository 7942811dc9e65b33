import ArgumentParser
import Foundation
import Pipelines
import Store

extension Console.ColorChoice: ExpressibleByArgument {}

/// The options that all commands share.
struct SharedOptions: ParsableArguments {
    @Option(
        name: .customLong("library"),
        help: ArgumentHelp(
            "The library to use; else VSDB_LIBRARY, else the nearest .vsdb upward.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var libraryPath: String?

    @Flag(help: "Print JSON: one document for a list, one object a line for a long job.")
    var json = false

    @Flag(
        name: .shortAndLong,
        help: "Only errors and what was asked to be shown; not what was done."
    )
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more about what is done.")
    var verbose = false

    @Option(
        help: ArgumentHelp(
            "When to colour; NO_COLOR is honoured.",
            valueName: "when"
        )
    )
    var color = Console.ColorChoice.auto

    @Option(help: ArgumentHelp("Threads for the networks; all cores if not given.", valueName: "n"))
    var threads: Int?

    @Option(
        name: .customLong("wait"),
        help: ArgumentHelp(
            "How long to wait for a locked library; 10 if not given.",
            valueName: "seconds"
        )
    )
    var waitSeconds: Double?

    /// How long to wait for other processes, in seconds.
    var waitSecondsOrDefault: Double { waitSeconds ?? 10 }

    /// Checks what no type can.
    mutating func validate() throws {
        guard !(quiet && verbose) else {
            throw ValidationError("--quiet and --verbose exclude each other")
        }
        if let threads, !(1...1_024).contains(threads) {
            throw ValidationError("--threads \(threads): give a number from 1 to 1024")
        }
        try requireNumber("--wait", waitSeconds, in: 0...86_400, "seconds from 0 to 86400")
    }

    /// Where the command writes.
    var console: Console { Console(color: color, isQuiet: quiet, isVerbose: verbose) }

    /// The folder of the library.
    ///
    /// - Throws: `StoreError`, `.noLibrary`.
    func locateLibrary() throws -> String {
        try Library.locate(
            explicit: libraryPath,
            environment: ProcessInfo.processInfo.environment["VSDB_LIBRARY"],
            workingDirectory: FileManager.default.currentDirectoryPath
        )
    }

    /// Opens the library.
    ///
    /// - Throws: `StoreError`.
    func openLibrary() throws -> Library {
        let path = try locateLibrary()
        console.detail("library \(path)")
        let library = try Library.open(at: path, waitSeconds: waitSecondsOrDefault)
        if let warning = library.warning { console.alarm(warning) }
        return library
    }

    /// Opens the library for work with networks.
    ///
    /// - Throws: `StoreError`.
    func openSession() throws -> Session {
        if let threads { Pipelines.setThreadCount(threads) }
        return Session(library: try openLibrary(), logger: console.logger)
    }
}

/// A command with the shared options.
protocol LibraryCommand: ParsableCommand {
    var shared: SharedOptions { get }
}

/// Refuses `nan`, `inf` and numbers outside a range, which parse as numbers all the same.
///
/// - Throws: `ValidationError` that says what to give.
func requireNumber(
    _ flag: String,
    _ value: Double?,
    in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude,
    _ wanted: String
) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(flag) \(Wording.trimmed(value)): give \(wanted)")
}
