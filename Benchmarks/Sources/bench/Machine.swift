import Foundation

/// What the figures were taken on.
enum Machine {
    /// Facts by name.
    static func facts() -> [String: String] {
        let processor = lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
        var facts = [
            "processor": processor.flatMap { $0.components(separatedBy: ": ").last } ?? "unknown",
            "cores": String(ProcessInfo.processInfo.activeProcessorCount),
            "memory": "\(ProcessInfo.processInfo.physicalMemory >> 30) GiB",
            "instructions": instructions,
            "system": system,
            "kernel": lines("/proc/sys/kernel/osrelease").first ?? "unknown",
            "load before": lines("/proc/loadavg").first.map { String($0.prefix { $0 != " " }) }
                ?? "unknown",
        ]
        // These change the speed of the libraries, so figures without them could not be compared.
        for (name, value) in ProcessInfo.processInfo.environment
        where ["OMP_", "GOMP_", "ONEDNN_", "DNNL_"].contains(where: name.hasPrefix) {
            facts[name] = value
        }
        return facts
    }

    /// The vector instructions that matter here.
    private static var instructions: String {
        let flags =
            lines("/proc/cpuinfo").first { $0.hasPrefix("flags") }?
            .split(separator: " ").map(String.init) ?? []
        let known = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"]
        return known.filter(flags.contains).joined(separator: " ")
    }

    private static var system: String {
        let name = lines("/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }
        return name.map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } } ?? "unknown"
    }

    private static func lines(_ path: String) -> [String] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "\n")
    }
}
