import Foundation
import Glibc
import Store
import StoreWork
import Testing

/// A library that something befalls in the middle of an operation, and the promise about it.
final class Patient {
    let operation: StoreOperation
    let library: String
    private let folder: FastFolder

    private static let templates = TemplateCache()

    /// Copies the library that the operation is tried on.
    ///
    /// - Parameters:
    ///   - operation: What will be interrupted.
    ///   - place: An existing folder, or nil for one of its own.
    /// - Throws: An error of Foundation or `StoreError`.
    init(_ operation: StoreOperation, in place: String? = nil) throws {
        self.operation = operation
        folder = try FastFolder()
        library = (place ?? folder.path) + "/lib"
        let template = try Self.templates.path(for: operation)
        try FileManager.default.copyItem(atPath: template, toPath: library)
    }

    /// Runs the operation in a process of its own.
    func work(
        _ options: [String] = [],
        environment: [String: String] = [:]
    ) throws -> (ending: Ending, child: Child) {
        try Child.run(
            "store-worker",
            [operation.rawValue, library] + options,
            environment: environment
        )
    }

    /// Expects the promise, then that the operation can be done again, and that it is.
    ///
    /// - Parameters:
    ///   - reported: The clips that were said to be ingested.
    ///   - comment: What befell the library.
    ///   - sourceLocation: Where the test expects it.
    func expectPromise(
        _ reported: [Int] = [],
        _ comment: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            if let fault = try fault(reported) ?? faultAfterRepeating() {
                Issue.record("\(operation) \(comment): \(fault)", sourceLocation: sourceLocation)
            }
        } catch {
            Issue.record("\(operation) \(comment): \(error)", sourceLocation: sourceLocation)
        }
    }

    /// What of the promise is broken after an interruption.
    private func fault(_ reported: [Int]) throws -> String? {
        // What is damaged on purpose is sound after the repair.
        if operation == .repair { return nil }
        if let fault = try unsound() ?? lost(operation.keptSeeds + reported) { return fault }
        if operation == .backup, let fault = try faultOfCopy() { return fault }
        if operation == .migrate { return nil }
        return try uncollected()
    }

    private func faultAfterRepeating() throws -> String? {
        let parent = (library as NSString).deletingLastPathComponent
        func drafts() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: parent)
                .filter { $0.hasPrefix(".vsdb-new-") }
        }
        for draft in try drafts() { Self.age(parent + "/" + draft) }
        try operation.run(at: library)
        if let draft = try drafts().first { return "left behind: \(draft)" }
        if let fault = try unsound() ?? lost(operation.finalSeeds) { return "done again: \(fault)" }
        return try uncollected().map { "done again: \($0)" }
    }

    private func unsound(_ path: String? = nil) throws -> String? {
        let check = try Library.check(at: path ?? library, readData: true)
        return check.isSound ? nil : "check: \(check.problems.map(\.description))"
    }

    private func lost(_ seeds: [Int], _ path: String? = nil) throws -> String? {
        let library = try Library.open(at: path ?? library)
        for seed in seeds {
            if let fault = try SyntheticClip.fault(seed, in: library) { return fault }
        }
        return nil
    }

    /// A copy is whole, or is not there.
    private func faultOfCopy() throws -> String? {
        let copy = StoreOperation.copyPath(library)
        guard FileManager.default.fileExists(atPath: copy) else { return nil }
        defer { try? FileManager.default.removeItem(atPath: copy) }
        return try (unsound(copy) ?? lost(operation.finalSeeds, copy)).map { "copy: \($0)" }
    }

    private static func age(_ path: String) {
        try? FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7200)],
            ofItemAtPath: path
        )
    }

    /// What a collector leaves that nobody needs.
    private func uncollected() throws -> String? {
        let places = [library, library + "/tensors.lmdb"]
        // Drafts count as abandoned when they are old.
        for place in places {
            for name in try FileManager.default.contentsOfDirectory(atPath: place) {
                Self.age(place + "/" + name)
            }
        }
        do {
            let library = try Library.open(at: library)
            _ = try library.collectGarbage()
            let orphans = try library.status().orphans
            guard orphans.tensorCount == 0 else { return "\(orphans.tensorCount) rowless tensors" }
        }
        let kept = [
            "library.json", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm",
            "catalog.commits",
            "tensors.lmdb", "packs", "index", "renders", "quarantine", "data.mdb", "lock.mdb",
        ]
        let litter = try places.flatMap { try FileManager.default.contentsOfDirectory(atPath: $0) }
            .filter { !kept.contains($0) && !$0.hasPrefix("catalog.version-") }
        return litter.isEmpty ? nil : "left behind: \(litter)"
    }
}

/// Libraries to copy, each made once.
///
/// `@unchecked Sendable`: `folders` is touched inside `lock` only, which ThreadSanitizer sees, other than a `Mutex`.
private final class TemplateCache: @unchecked Sendable {
    private let lock = NSLock()
    private var folders: [StoreOperation: FastFolder] = [:]

    func path(for operation: StoreOperation) throws -> String {
        try lock.withLock {
            if let folder = folders[operation] { return folder.path + "/lib" }
            let folder = try FastFolder()
            try StoreTemplate.make(for: operation, at: folder.path + "/lib")
            folders[operation] = folder
            return folder.path + "/lib"
        }
    }
}

/// A folder on a disk in memory, if there is one: a process can be killed there as on any other, and no sync waits.
final class FastFolder: Sendable {
    let path: String

    /// One folder for the process, deleted with it; or by the next process, if this one dies.
    private static let root: String = {
        let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        let files = FileManager.default
        for name in (try? files.contentsOfDirectory(atPath: place)) ?? [] {
            guard name.hasPrefix("vsdb-fault-"), let process = pid_t(name.dropFirst(11)),
                Glibc.kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? files.removeItem(atPath: place + "/" + name)
        }
        atexit { try? FileManager.default.removeItem(atPath: FastFolder.root) }
        return place + "/vsdb-fault-\(getpid())"
    }()

    init() throws {
        path = Self.root + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
