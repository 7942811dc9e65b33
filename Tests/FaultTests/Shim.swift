import Foundation
import TestSupport
import Testing

/// What the library of `Tests/fault-shim` does to system calls of a process.
struct Shim {
    /// A way to fail; see `shim.c`.
    enum Kind: String, CaseIterable {
        case failingWithEIO = "EIO"
        case diskFull = "ENOSPC"
        case short = "SHORT"
        case torn = "TORN"
        case kill = "KILL"
    }

    /// The settings of a process in whose folder a call fails.
    ///
    /// - Parameters:
    ///   - number: Which call, from 1; 0 for none.
    ///   - kind: How it fails.
    ///   - isLasting: Whether all later ones fail, too.
    ///   - folder: Below which path files count.
    ///   - counter: A file for the number of calls, or nil.
    /// - Returns: Variables of the environment.
    /// - Throws: An error of Foundation if the library is not there.
    static func environment(
        at number: Int,
        _ kind: Kind,
        isLasting: Bool = false,
        in folder: String,
        counter: String? = nil
    ) throws -> [String: String] {
        var variables = [
            "LD_PRELOAD": try builtProgram("libFaultShim.so"),
            "VSDB_FAULT_AT": String(number),
            "VSDB_FAULT_KIND": kind.rawValue,
            "VSDB_FAULT_FOLDER": folder,
        ]
        variables["VSDB_FAULT_LASTING"] = isLasting ? "1" : nil
        variables["VSDB_FAULT_COUNTER"] = counter
        return variables
    }

    /// Runs something once and counts its calls, all of them as they are, or until one kills it.
    ///
    /// - Parameters:
    ///   - folder: Below which path files count.
    ///   - number: Which call kills, from 1; 0 for none.
    ///   - body: Runs it with some variables of the environment.
    /// - Returns: How many calls it made.
    /// - Throws: An error of Foundation, or what `body` throws.
    static func callCount(
        in folder: String,
        untilKilledAt number: Int = 0,
        _ body: ([String: String]) throws -> Void
    ) throws -> Int {
        let counter = NSTemporaryDirectory() + "/vsdb-counter-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: counter) }
        try Data(count: 8).write(to: URL(filePath: counter))
        try body(try environment(at: number, .kill, in: folder, counter: counter))
        let bytes = try Data(contentsOf: URL(filePath: counter))
        return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// How many kills and faults a run tries: few in `make test`, many in `make test-kills`.
enum Effort {
    static let kills = count("VSDB_KILLS", or: 120)
    static let faults = count("VSDB_FAULTS", or: 350)
    static let seconds = Double(count("VSDB_FAULT_SECONDS", or: 8))

    private static func count(_ name: String, or few: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init) ?? few
    }

    /// Some of the numbers from 1 to a count, evenly spread, all if there are not more.
    static func spread(_ wanted: Int, over count: Int) -> [Int] {
        guard wanted < count else { return Array(1...max(count, 1)) }
        return (0..<wanted).map { 1 + $0 * count / wanted }
    }
}
