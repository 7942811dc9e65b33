import Foundation

/// The peers of `Benchmarks/peers`, which do the same work in a process of their own, on demand.
final class PeerProcess {
    /// The interpreter that `make bench-peers` sets up.
    static let interpreter = "Benchmarks/.venv/bin/python"

    /// Whether it has.
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    /// The variables that suit PyTorch best.
    static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        // Set on some machines for the sake of old libraries; it would slow a new one.
        for name in ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"] { environment[name] = nil }
        environment["MALLOC_MMAP_MAX_"] = "0"
        environment["MALLOC_TRIM_THRESHOLD_"] = "17179869184"
        environment["MALLOC_TOP_PAD_"] = "268435456"
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        return environment
    }

    /// Names and versions, as the peers say them.
    let versions: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts the peers with the allocator set as suits PyTorch: freed memory stays mapped, on huge pages.
    ///
    /// - Parameters:
    ///   - threads: How many they may use.
    ///   - program: The Python program to ask.
    ///   - arguments: What it is told behind the number of threads.
    /// - Throws: `BenchError` if they are not installed.
    init(
        threads: Int,
        program: String = "Benchmarks/peers/peers.py",
        arguments: [String] = []
    ) throws {
        guard Self.isInstalled else {
            throw BenchError("the peers are not installed; run make bench-peers")
        }
        process.executableURL = URL(fileURLWithPath: Self.interpreter)
        process.arguments = [program, String(threads)] + arguments
        process.environment = Self.environment
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        versions = try Self.line(output)
    }

    deinit {
        // This ends them; if they are gone already there is nothing to close.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Milliseconds of one call of a piece of work; the first one prepares and warms up.
    func milliseconds(_ name: String) throws -> Double {
        let numbers = try numbers(name)
        guard numbers.count == 1 else { throw BenchError("the peer said \(numbers)") }
        return numbers[0]
    }

    /// What the peer answers to a request.
    func numbers(_ request: String) throws -> [Double] {
        try input.fileHandleForWriting.write(contentsOf: Data((request + "\n").utf8))
        let line = try Self.line(output)
        return try line.split(separator: " ").map { word in
            guard let value = Double(word) else { throw BenchError("the peer said \(line)") }
            return value
        }
    }

    private static func line(_ pipe: Pipe) throws -> String {
        var bytes = Data()
        while true {
            guard let byte = try pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else {
                throw BenchError("the peers ended; what they said is above")
            }
            if byte[byte.startIndex] == UInt8(ascii: "\n") { break }
            bytes += byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
