import CLMDB
import CStore
import Foundation
import Glibc

/// The handle of an LMDB environment.
///
/// `@unchecked Sendable`: the pointer and the database numbers never change after `init`; LMDB
/// itself locks what threads share, and each transaction stays inside one closure on one thread.
final class TensorEnvironment: @unchecked Sendable {
    /// How the files are to be used.
    enum Use {
        /// The databases are made.
        case new
        /// The databases are there, and other processes use them too.
        case shared
        /// Nobody can write, not even the lock file.
        case frozen
    }

    /// Address space to reserve: 4 TiB, or else half of it, and so on to 256 MiB.
    ///
    /// It costs nothing until it is used, and spares processes from telling each other that the
    /// file grew.
    private static let mapSizes = (28...42).reversed().map { 1 << $0 }

    private static let readerLimit = 510

    let folder: String
    let records: MDB_dbi
    let properties: MDB_dbi
    private let handle: OpaquePointer
    private let mapByteCount: Int
    /// The number of the watch over the map, see `vsdb_watch_map`.
    private let watch: Int32

    var dataPath: String { folder + "/data.mdb" }

    /// Opens the environment of a folder that no other handle of this process has open.
    ///
    /// An old file passed `TensorFileCheck` before: a page that is missing would raise SIGBUS on
    /// the first touch.
    ///
    /// - Parameters:
    ///   - folder: The folder, which exists.
    ///   - use: How to use it.
    ///   - waitSeconds: How long to wait while others open it.
    /// - Throws: `StoreError` of any kind.
    init(folder: String, use: Use, waitSeconds: Double) throws {
        self.folder = folder
        let turn = use == .shared ? try Self.turn(folder, waitSeconds) : nil
        defer { withExtendedLifetime(turn) {} }
        (handle, mapByteCount) = try Self.openHandle(folder, use)
        do {
            if use == .shared { try Self.refuseUnfinishedTable(handle, folder) }
            var cleared: Int32 = 0
            try Self.check(mdb_reader_check(handle, &cleared), "clear dead readers of", folder)
            (records, properties) = try Self.openDatabases(handle, folder, use)
            watch = try Self.watchMap(handle, properties, mapByteCount, folder)
        } catch {
            mdb_env_close(handle)
            throw error
        }
    }

    /// Closes the handle; only `TensorStore` calls it, once, when nobody uses it any more.
    func close() {
        // Nobody is told of an error any more, and liblmdb 0.9.24 closes soundly beside one that opens.
        let turn = try? Self.turn(folder, 10)
        vsdb_unwatch_map(watch)
        mdb_env_close(handle)
        withExtendedLifetime(turn) {}
    }

    /// Lets one process at a time open or close the environment.
    ///
    /// The first that opens it begins LMDB's table of readers; one that is killed while it does leaves the table
    /// unfinished to whoever waits for it in LMDB, which would read an old commit and write over the newest.
    private static func turn(_ folder: String, _ waitSeconds: Double) throws -> LibraryLock {
        try LibraryLock(folder + "/data.mdb", .turn, waitSeconds: waitSeconds, "open it")
    }

    /// Refuses a table of readers that does not know the newest commit, which whoever has it open began.
    private static func refuseUnfinishedTable(_ handle: OpaquePointer, _ folder: String) throws {
        var facts = MDB_envinfo()
        mdb_env_info(handle, &facts)
        var opened: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &opened), "read", folder)
        guard let transaction = opened else { return }
        defer { mdb_txn_abort(transaction) }
        // A writer that is killed in its last step leaves the table one commit behind, and the next one mends it.
        guard mdb_txn_id(transaction) + 1 < facts.me_last_txnid else { return }
        let holders = LockHolders(of: folder + "/lock.mdb", kind: .posix)
        throw StoreError(
            .locked,
            "tensors \"\(folder)\": \(holders) began to use them with a table of readers that another process "
                + "left unfinished, and would write over the newest commit; end it, and try again"
        )
    }

    /// What to say when liblmdb is led astray by damage that only the whole file shows.
    private static func damageMessage(_ folder: String) -> String {
        "vsdb: tensors \"\(folder)/data.mdb\": the file is damaged below its first pages; nothing was "
            + "written; see what with vsdb check, mend it with vsdb repair\n"
    }

    /// Watches the map, which lies where the kernel says that the file is mapped.
    private static func watchMap(
        _ handle: OpaquePointer,
        _ properties: MDB_dbi,
        _ byteCount: Int,
        _ folder: String
    ) throws -> Int32 {
        mdb_env_set_assert(handle) { _, _ in
            vsdb_stop(
                "vsdb: the tensors of this library are damaged below their first pages; nothing was "
                    + "written; see what with vsdb check, mend it with vsdb repair\n",
                TensorEnvironment.damagedStatus
            )
        }
        var opened: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &opened), "read", folder)
        guard let transaction = opened else { return -1 }
        defer { mdb_txn_abort(transaction) }
        // The library's properties lie in the tree of a single page; one address is enough.
        var cursor: OpaquePointer?
        guard mdb_cursor_open(transaction, properties, &cursor) == MDB_SUCCESS, let cursor else {
            return -1
        }
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        guard mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == MDB_SUCCESS,
            let place = value.mv_data, let map = mapping(around: UInt(bitPattern: place))
        else { return -1 }
        return vsdb_watch_map(
            UnsafeRawPointer(bitPattern: map.lowerBound),
            max(map.count, byteCount),
            damageMessage(folder),
            damagedStatus
        )
    }

    /// The exit code for damaged data, as in the command line's `ExitStatus.damaged`.
    private static let damagedStatus: Int32 = 15

    /// The mapped memory around an address, from /proc/self/maps.
    private static func mapping(around place: UInt) -> Range<UInt>? {
        guard let table = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else {
            return nil
        }
        for line in table.split(separator: "\n") {
            let ends = line.prefix { $0 != " " }.split(separator: "-")
            guard ends.count == 2, let begin = UInt(ends[0], radix: 16),
                let end = UInt(ends[1], radix: 16), (begin..<end).contains(place)
            else { continue }
            return begin..<end
        }
        return nil
    }

    private static func openHandle(
        _ folder: String,
        _ use: Use
    ) throws -> (OpaquePointer, Int) {
        if use != .frozen { try reserveLockFile(folder) }
        for size in mapSizes {
            var opened: OpaquePointer?
            try check(mdb_env_create(&opened), "open", folder)
            guard let handle = opened else {
                throw StoreError(.failed, "tensors \"\(folder)\": LMDB gave no handle")
            }
            mdb_env_set_mapsize(handle, size)
            mdb_env_set_maxdbs(handle, 2)
            mdb_env_set_maxreaders(handle, UInt32(readerLimit))
            // Without thread-local storage a reader belongs to its transaction, not its thread.
            let flags = MDB_NOTLS | (use == .frozen ? MDB_RDONLY | MDB_NOLOCK : 0)
            let code = mdb_env_open(handle, folder, UInt32(flags), 0o644)
            if code == MDB_SUCCESS { return (handle, size) }
            // lmdb.h: after a failed open the handle must be closed, and not used again.
            mdb_env_close(handle)
            // Emulators such as valgrind refuse a large map with EINVAL.
            if code != ENOMEM, code != EINVAL { try check(code, "open", folder) }
        }
        throw StoreError(
            .noSpace,
            "tensors \"\(folder)\": not even 256 MiB of address space is free for the map; "
                + "raise the limit of the shell (ulimit -v unlimited)"
        )
    }

    /// Takes room for the whole table of readers, which is mapped for writing.
    ///
    /// LMDB makes the file long and leaves it empty: on a full disk the first touch of a page would
    /// raise SIGBUS. An empty file is one that LMDB begins anew.
    private static func reserveLockFile(_ folder: String) throws {
        let file = Glibc.open(folder + "/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { return }
        defer { Glibc.close(file) }
        // mdb.c: two cache lines of header, then one for each reader.
        let needed = 64 * (2 + readerLimit)
        var facts = stat()
        guard fstat(file, &facts) == 0, Int(facts.st_blocks) * 512 < needed else { return }
        let code = posix_fallocate(file, 0, off_t(needed))
        if code == ENOSPC || code == EDQUOT { throw StoreError.diskFull(folder, needed: needed) }
    }

    private static func openDatabases(
        _ handle: OpaquePointer,
        _ folder: String,
        _ use: Use
    ) throws -> (MDB_dbi, MDB_dbi) {
        var opened: OpaquePointer?
        let readFlags = use == .new ? 0 : UInt32(MDB_RDONLY)
        try check(mdb_txn_begin(handle, nil, readFlags, &opened), "read", folder)
        guard let transaction = opened else {
            throw StoreError(.failed, "tensors \"\(folder)\": LMDB gave no transaction")
        }
        var records: MDB_dbi = 0
        var properties: MDB_dbi = 0
        do {
            let flags = use == .new ? UInt32(MDB_CREATE) : 0
            try check(mdb_dbi_open(transaction, "records", flags, &records), "read", folder)
            try check(mdb_dbi_open(transaction, "library", flags, &properties), "read", folder)
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        // lmdb.h: a database number outlives the transaction only if that one commits.
        try check(mdb_txn_commit(transaction), "read", folder)
        return (records, properties)
    }
}

extension TensorEnvironment {
    /// Lends a snapshot; what it lends in turn dies with it.
    func read<Result>(_ body: (TensorTransaction) throws -> Result) throws -> Result {
        let transaction = try begin(UInt32(MDB_RDONLY))
        defer { mdb_txn_abort(transaction) }
        return try body(TensorTransaction(handle: transaction, environment: self))
    }

    /// Runs the only write transaction of all processes; commits, or on an error changes nothing.
    ///
    /// - Parameters:
    ///   - deletedCount: How many records the body will delete at most.
    ///   - body: The changes.
    /// - Throws: `StoreError`, or what the body throws.
    func write(
        deletedCount: Int = 0,
        _ body: (TensorTransaction) throws -> Void
    ) throws {
        let transaction = try begin(0)
        do {
            try extendFile(pageCount: 64 + deletedCount)
            try body(TensorTransaction(handle: transaction, environment: self))
        } catch {
            mdb_txn_abort(transaction)
            throw error
        }
        // lmdb.h: commit frees the transaction even if it fails.
        try check(mdb_txn_commit(transaction), "write")
    }

    /// Copies one snapshot, page by page in the order of keys, without the free ones.
    func copy(to folder: String, _ stop: StopRequest) throws {
        let path = folder + "/data.mdb"
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw StoreError.system(errno, "create", path) }
        defer { Glibc.close(file) }
        let code = stop.while(writing: file) {
            mdb_env_copyfd2(handle, file, UInt32(MDB_CP_COMPACT))
        }
        try stop.check()
        // Errors of the system are of the copy's file; LMDB's own, which are negative, are of ours.
        try Self.check(code, "copy", code < 0 ? self.folder : folder)
        try syncFile(path)
        try syncFolder(folder)
    }

    private func begin(_ flags: UInt32) throws -> OpaquePointer {
        var opened: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, flags, &opened), flags == 0 ? "write" : "read")
        guard let transaction = opened else {
            throw StoreError(.failed, "tensors \"\(folder)\": LMDB gave no transaction")
        }
        return transaction
    }

    /// Makes the file longer than its last page, with a hole.
    ///
    /// LMDB takes pages at the end of the file while it works and may free them again before the
    /// commit; it then counts them without writing them, and the file would look cut short.
    private func extendFile(pageCount: Int) throws {
        var info = MDB_envinfo()
        var stat = MDB_stat()
        var file: Int32 = -1
        try check(mdb_env_info(handle, &info), "inspect")
        try check(mdb_env_stat(handle, &stat), "inspect")
        try check(mdb_env_get_fd(handle, &file), "inspect")
        let needed = (Int(info.me_last_pgno) + 1 + pageCount) * Int(stat.ms_psize)
        guard fileByteCount(dataPath) < needed else { return }
        if ftruncate(file, off_t(needed)) != 0 { try check(errno, "extend") }
    }

    /// Turns a return code of LMDB into an error.
    func check(_ code: Int32, _ doing: String) throws {
        if code == MDB_MAP_FULL || code == MDB_MAP_RESIZED {
            throw StoreError(
                .noSpace,
                "tensors \"\(folder)\": the data outgrew the \(mapByteCount >> 20) MiB of address "
                    + "space that this process got; raise the limit of the shell (ulimit -v unlimited)"
            )
        }
        try Self.check(code, doing, folder)
    }

    static func check(_ code: Int32, _ doing: String, _ folder: String) throws {
        guard code != MDB_SUCCESS else { return }
        let place = "tensors \"\(folder)\": cannot \(doing) them"
        switch code {
        case MDB_VERSION_MISMATCH:
            throw StoreError(.newerFormat, "\(place): made by another LMDB; upgrade vsdb")
        case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_NOTFOUND,
            MDB_BAD_VALSIZE, MDB_INCOMPATIBLE:
            throw StoreError(
                .damaged,
                "\(place): the file is damaged (\(text(of: code))); mend it with vsdb repair, or restore it from a backup"
            )
        case MDB_READERS_FULL:
            throw StoreError(.busy, "\(place): too many readers at once; end some and try again")
        case EACCES, EPERM, EROFS:
            throw StoreError(
                .notWritable,
                "\(place): \(text(of: code)); give yourself the right to write in that folder and the files in it"
            )
        case ENOSPC, EDQUOT:
            throw StoreError.diskFull(folder, needed: nil)
        case EIO where freeByteCount(folder) < 1 << 26:
            // LMDB reports a short write, which is how a full disk shows, as EIO.
            throw StoreError.diskFull(folder, needed: nil)
        case EIO:
            throw StoreError(.failed, "\(place): \(text(of: code)); \(StoreError.failingDisk)")
        default:
            throw StoreError(.failed, "\(place): \(text(of: code))")
        }
    }

    private static func text(of code: Int32) -> String { String(cString: mdb_strerror(code)) }
}
