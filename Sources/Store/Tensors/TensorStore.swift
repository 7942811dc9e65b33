import Foundation
import Synchronization
import Tensors

/// The tensor records of one library.
///
/// LMDB forbids to open an environment twice in a process, so all stores of one file share one
/// handle; the last one to go closes it.
final class TensorStore: Sendable {
    private struct Shared {
        let environment: TensorEnvironment
        var useCount: Int
    }

    private static let open = Mutex<[FileIdentity: Shared]>([:])

    let folder: String
    private let environment: TensorEnvironment
    private let identity: FileIdentity

    /// Makes an empty store in a new folder.
    static func create(folder: String, uuid: String) throws {
        try makeFolder(folder)
        let environment = try TensorEnvironment(folder: folder, use: .new, waitSeconds: 0)
        defer { environment.close() }
        try environment.write { try $0.setProperty("uuid", uuid) }
        // LMDB syncs its file, not the folder that names it.
        try syncFolder(folder)
    }

    /// Opens the store of a library.
    ///
    /// - Parameters:
    ///   - folder: The folder of the LMDB environment.
    ///   - isFrozen: Whether the disk is read-only.
    ///   - waitSeconds: How long to wait while others open it.
    /// - Throws: `StoreError`, `.damaged` if the file is missing, was cut short or has wrong meta or
    ///   root pages; see `TensorFileCheck` for what it cannot tell.
    init(folder: String, isFrozen: Bool, waitSeconds: Double = 10) throws {
        self.folder = folder
        let path = folder + "/data.mdb"
        // LMDB takes a missing or empty file for a new environment and would start afresh.
        guard let identity = FileIdentity(path), fileByteCount(path) >= 8192 else {
            if access(path, F_OK) != 0, errno == EACCES {
                throw StoreError.system(EACCES, "look into", folder)
            }
            throw StoreError(
                .damaged,
                "tensors \"\(path)\": the file is missing or was cut short; restore the library "
                    + "from a backup"
            )
        }
        self.identity = identity
        environment = try Self.open.withLock { table in
            if let shared = table[identity] {
                table[identity]?.useCount += 1
                return shared.environment
            }
            try TensorFileCheck.run(path)
            let environment = try TensorEnvironment(
                folder: folder,
                use: isFrozen ? .frozen : .shared,
                waitSeconds: waitSeconds
            )
            table[identity] = Shared(environment: environment, useCount: 1)
            return environment
        }
    }

    deinit {
        Self.open.withLock { table in
            table[identity]?.useCount -= 1
            guard table[identity]?.useCount == 0 else { return }
            table[identity] = nil
            environment.close()
        }
    }

    /// Lends a snapshot of all records.
    func read<Result>(_ body: (TensorTransaction) throws -> Result) throws -> Result {
        try environment.read(body)
    }

    /// Writes records in one transaction.
    ///
    /// - Parameters:
    ///   - records: What to write.
    ///   - replacing: Whether to overwrite those of the same keys, and not to leave them as they are.
    ///   - first: What else is to be written with them, before them.
    /// - Throws: `StoreError`, or what `first` throws; then nothing is written.
    func put(
        _ records: [TensorRecord],
        replacing: Bool,
        first: (TensorTransaction) throws -> Void = { _ in }
    ) throws {
        try environment.write { transaction in
            try first(transaction)
            for record in records { try transaction.put(record, replacing: replacing) }
        }
    }

    /// Compares what a new snapshot holds of a clip with what it should.
    ///
    /// - Parameters:
    ///   - clip: Which clip.
    ///   - records: All that it should have.
    /// - Returns: Those of the records that are not there as they are, and the keys of what else is there.
    /// - Throws: `StoreError`.
    func difference(
        of clip: ClipID,
        to records: [TensorRecord]
    ) throws -> (lacking: [TensorRecord], others: [TensorKey]) {
        let known = Set(records.map(\.key))
        return try environment.read { transaction in
            let lacking = try records.filter { record in
                let isStored = try transaction.withValue(record.key) { value in
                    value.count == record.byteCount
                        && value.prefix(TensorHeader.byteCount).elementsEqual(record.header.encoded)
                        && record.hasPayload(value.dropFirst(TensorHeader.byteCount))
                }
                return isStored != true
            }
            return (lacking, try transaction.keys(of: clip).filter { !known.contains($0) })
        }
    }

    /// Writes properties, or deletes those without a text, in one transaction.
    func setProperties(_ texts: [String: String?]) throws {
        try environment.write { transaction in
            for (name, text) in texts {
                if let text {
                    try transaction.setProperty(name, text)
                } else {
                    try transaction.deleteProperty(name)
                }
            }
        }
    }

    /// Notes why clips have no row, or that they have one, in one transaction.
    func setRowlessNotes(_ text: String?, of clips: some Collection<ClipID>) throws {
        guard !clips.isEmpty else { return }
        try environment.write { transaction in
            for clip in clips { try transaction.setRowlessNote(text, of: clip) }
        }
    }

    /// Takes back notes that still say what they said.
    func takeBack(_ notes: [ClipID: String]) throws {
        guard !notes.isEmpty else { return }
        try environment.write { try $0.takeBack(notes) }
    }

    /// Copies what one snapshot holds into an empty folder, without free pages.
    func copy(to folder: String, _ stop: StopRequest = StopRequest()) throws {
        try environment.copy(to: folder, stop)
    }

    /// Deletes records, in transactions of limited size; with a card goes the note that its clip has no row.
    func delete(_ keys: [TensorKey]) throws {
        for start in stride(from: 0, to: keys.count, by: 4096) {
            let group = keys[start..<min(start + 4096, keys.count)]
            try environment.write(deletedCount: group.count) { transaction in
                for key in group {
                    try transaction.delete(key)
                    if key.isCard, let clip = key.clip {
                        try transaction.setRowlessNote(nil, of: clip)
                    }
                }
            }
        }
    }
}
