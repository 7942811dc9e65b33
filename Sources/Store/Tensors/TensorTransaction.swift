import CLMDB
import Foundation
import Tensors

/// One LMDB transaction, lent to a closure and dead after it; never keep it.
///
/// Not `~Copyable`: the optimiser of Swift 6.3.1 crashes on lending such a struct.
struct TensorTransaction {
    private let handle: OpaquePointer
    private let environment: TensorEnvironment

    init(handle: OpaquePointer, environment: TensorEnvironment) {
        self.handle = handle
        self.environment = environment
    }

    /// The number of the commit that it sees.
    var number: UInt64 { UInt64(mdb_txn_id(handle)) }

    /// Lends the bytes of a record, which live as long as the transaction; nil if there is none.
    func withValue<Result>(
        _ key: TensorKey,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        try key.bytes.withUnsafeBytes { try withValue(environment.records, $0, body) }
    }

    /// Where a record lies in memory; nil if there is none.
    func addresses(of key: TensorKey) throws -> Range<UInt>? {
        try withValue(key) { value in
            let start = UInt(bitPattern: value.baseAddress)
            return start..<start + UInt(value.count)
        }
    }

    /// The text of a property of the library, or nil.
    func property(_ name: String) throws -> String? {
        var name = name
        return try name.withUTF8 { key in
            try withValue(environment.properties, UnsafeRawBufferPointer(key)) {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }

    func setProperty(_ name: String, _ text: String) throws {
        var name = name
        var text = text
        try name.withUTF8 { key in
            try text.withUTF8 { value in
                var key = MDB_val(UnsafeRawBufferPointer(key))
                var value = MDB_val(UnsafeRawBufferPointer(value))
                let code = mdb_put(handle, environment.properties, &key, &value, 0)
                try environment.check(code, "write")
            }
        }
    }

    /// Writes a record; one of the same key is overwritten if `replacing`, else left alone.
    func put(_ record: TensorRecord, replacing: Bool) throws {
        let header = record.header.encoded
        try record.key.bytes.withUnsafeBytes { keyBytes in
            var key = MDB_val(keyBytes)
            var value = MDB_val(mv_size: record.byteCount, mv_data: nil)
            let flags = UInt32(MDB_RESERVE) | (replacing ? 0 : UInt32(MDB_NOOVERWRITE))
            let code = mdb_put(handle, environment.records, &key, &value, flags)
            if code == MDB_KEYEXIST, !replacing { return }
            try environment.check(code, "write")
            let target = UnsafeMutableRawBufferPointer(start: value.mv_data, count: value.mv_size)
            target.copyBytes(from: header)
            let payload = UnsafeMutableRawBufferPointer(
                rebasing: target[TensorHeader.byteCount...]
            )
            record.payload.withUnsafeBytes { payload.copyMemory(from: $0) }
        }
    }

    /// Deletes a record; one that is gone already is no error.
    func delete(_ key: TensorKey) throws {
        try key.bytes.withUnsafeBytes { bytes in
            var key = MDB_val(bytes)
            let code = mdb_del(handle, environment.records, &key, nil)
            if code != MDB_NOTFOUND { try environment.check(code, "delete from") }
        }
    }

    /// Deletes a property; one that is gone already is no error.
    func deleteProperty(_ name: String) throws {
        var name = name
        try name.withUTF8 { bytes in
            var key = MDB_val(UnsafeRawBufferPointer(bytes))
            let code = mdb_del(handle, environment.properties, &key, nil)
            if code != MDB_NOTFOUND { try environment.check(code, "delete from") }
        }
    }

    /// Visits every key in order, with the size of its value in bytes.
    func forEachKey(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
        try forEach(environment.records) { try body($0, $1.count) }
    }

    /// The keys of everything that is stored of a clip.
    func keys(of clip: ClipID) throws -> [TensorKey] {
        var keys: [TensorKey] = []
        let prefix = Array(TensorKey(cardOf: clip).bytes.prefix(32))
        try forEach(environment.records, from: prefix) { bytes, _ in
            if let key = TensorKey(bytes) { keys.append(key) }
        }
        return keys
    }

    /// Visits the properties of the library whose names begin with some text, in the order of their names.
    func forEachProperty(
        from prefix: String = "",
        _ body: (String, String) throws -> Void
    ) throws {
        try forEach(environment.properties, from: Array(prefix.utf8)) { key, value in
            try body(String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// Visits what has keys that begin with some bytes.
    private func forEach(
        _ database: MDB_dbi,
        from prefix: [UInt8] = [],
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var opened: OpaquePointer?
        try environment.check(mdb_cursor_open(handle, database, &opened), "read")
        guard let cursor = opened else { return }
        defer { mdb_cursor_close(cursor) }
        // The first key is looked for; MDB_NEXT on a new cursor is the first of all.
        var step = prefix.isEmpty ? MDB_NEXT : MDB_SET_RANGE
        while true {
            var key = MDB_val()
            var value = MDB_val()
            let code = prefix.withUnsafeBytes { bytes in
                if step == MDB_SET_RANGE { key = MDB_val(bytes) }
                return mdb_cursor_get(cursor, &key, &value, step)
            }
            step = MDB_NEXT
            if code == MDB_NOTFOUND { return }
            try environment.check(code, "read")
            let found = UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
            guard found.starts(with: prefix) else { return }
            try body(found, UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
        }
    }

    private func withValue<Result>(
        _ database: MDB_dbi,
        _ keyBytes: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        var key = MDB_val(keyBytes)
        var value = MDB_val()
        let code = mdb_get(handle, database, &key, &value)
        guard code != MDB_NOTFOUND else { return nil }
        try environment.check(code, "read")
        return try body(UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size))
    }
}

@available(*, unavailable)
extension TensorTransaction: Sendable {}

extension MDB_val {
    /// Points at bytes that LMDB only reads.
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(
            mv_size: bytes.count,
            mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        )
    }
}
