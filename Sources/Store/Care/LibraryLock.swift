import Foundation
import Glibc

/// A claim on a file or folder of a library, which the kernel frees when the process ends (`flock`).
///
/// Two of them order what SQLite and LMDB cannot see. On `library.json`: everyone who has the
/// library open shares it, and what replaces whole files (compact, migrate, repair) holds it alone.
/// On the folder of the tensors: whoever copies records shares it, so that what a copied row names
/// stays, and the collector holds it alone. On `data.mdb`: whoever opens or closes it takes its turn.
package final class LibraryLock: Sendable {
    /// Who else may hold the lock at the same time.
    enum Claim {
        case shared
        case alone
        /// Alone, but not where the file system has no such locks.
        case turn

        fileprivate var operation: Int32 { self == .shared ? LOCK_SH : LOCK_EX }
    }

    private let file: Int32

    /// Waits for a claim.
    ///
    /// - Parameters:
    ///   - path: A file or folder that exists.
    ///   - claim: With whom to share it.
    ///   - waitSeconds: How long others may take.
    ///   - doing: What it is for, as a verb phrase.
    ///   - stop: Asked while it waits.
    /// - Throws: `StoreError`: `.interrupted`, `.locked` naming the holder, or `.failed`.
    init(
        _ path: String,
        _ claim: Claim,
        waitSeconds: Double,
        _ doing: String,
        _ stop: StopRequest = StopRequest()
    ) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw StoreError.system(errno, "open", path) }
        let end = ContinuousClock.now + .seconds(waitSeconds)
        while flock(file, claim.operation | LOCK_NB) != 0 {
            guard errno != EINTR else { continue }
            // Some network file systems have no such locks; SQLite and LMDB keep theirs.
            if errno == ENOLCK || errno == ENOTSUP || errno == EINVAL, claim != .alone { break }
            // NFS wants a file that is open for writing.
            if errno == EBADF, claim == .turn { break }
            guard errno == EWOULDBLOCK else {
                defer { close(file) }
                throw StoreError.system(errno, "lock", path)
            }
            guard ContinuousClock.now < end else {
                let holders = LockHolders(of: path, kind: .flock)
                close(file)
                throw StoreError.locked("\"\(path)\": cannot \(doing)", by: holders)
            }
            if stop.ask() {
                close(file)
                try stop.check()
            }
            usleep(10_000)
        }
        self.file = file
    }

    /// Claims something for one process at once, or not at all.
    ///
    /// - Parameters:
    ///   - path: A file or folder that exists.
    ///   - doing: What it is for, as a verb phrase.
    /// - Throws: `StoreError`: `.locked` naming the holder, or `.failed`.
    package convenience init(alone path: String, _ doing: String) throws(StoreError) {
        try self.init(path, .alone, waitSeconds: 0, doing)
    }

    deinit { close(file) }
}

/// Who holds the locks of a file, as Linux tells in /proc/locks.
struct LockHolders: CustomStringConvertible {
    enum Kind: String {
        case flock = "FLOCK"
        case posix = "POSIX"
    }

    private let processes: [Int32]

    /// Reads who holds a lock.
    ///
    /// - Parameters:
    ///   - path: The locked file.
    ///   - kind: By which call it is locked.
    ///   - byte: The locked byte, or nil for any.
    init(of path: String, kind: Kind, byte: Int? = nil) {
        // "1: POSIX  ADVISORY  WRITE 4711 08:01:123456 120 120"; waiting ones have "->" in front.
        guard let identity = FileIdentity(path),
            let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
        else {
            processes = []
            return
        }
        let found = table.split(separator: "\n").compactMap { line -> (Int32, Bool)? in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 8, words[1] == kind.rawValue else { return nil }
            let place = words[5].split(separator: ":")
            guard place.count == 3, String(place[2]) == String(identity.inode),
                let first = Int(words[6]), let process = Int32(words[4]), process > 0
            else { return nil }
            let last = Int(words[7]) ?? .max
            guard byte.map({ (first...max(first, last)).contains($0) }) ?? true else { return nil }
            let device = identity.deviceNumbers
            return (
                process,
                Int(place[0], radix: 16) == device.major && Int(place[1], radix: 16) == device.minor
            )
        }
        // Two disks may have files of one number; some file systems tell another device here than stat does.
        let here = found.filter(\.1)
        processes = Set((here.isEmpty ? found : here).map(\.0)).sorted()
    }

    /// As in `process 4711 (vsdb ingest films)`.
    var description: String {
        guard !processes.isEmpty else { return "another process" }
        return processes.prefix(3).map(Self.describe).joined(separator: ", ")
            + (processes.count > 3 ? " and \(processes.count - 3) more" : "")
    }

    private static func describe(_ process: Int32) -> String {
        let path = "/proc/\(process)/cmdline"
        guard let bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else {
            return "process \(process)"
        }
        let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let name = words.first.map { ($0 as NSString).lastPathComponent } ?? ""
        let line = ([name] + words.dropFirst()).joined(separator: " ")
        let shown = line.count > 60 ? line.prefix(59) + "…" : line[...]
        return "process \(process) (\(shown.filter { !$0.isNewline }))"
    }
}

extension StoreError {
    /// Others kept a library busy for too long.
    static func locked(_ place: String, by holders: LockHolders) -> StoreError {
        StoreError(
            .locked,
            "library \(place): \(holders) uses it and did not finish in time; try again, or wait "
                + "longer with --wait SECONDS"
        )
    }
}
