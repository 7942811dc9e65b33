import Foundation
import Glibc
import Hashing
import Tensors

/// Records found in a damaged data.mdb, page by page, whether a tree still leads to them or not.
///
/// A page that looks like a leaf is searched for nodes with keys of our length; a value counts if it has
/// the header that `TensorHeader` reads, belongs to its key and matches its checksum. Pages that LMDB
/// freed may hold removed records: those are whole as well, and no row names them.
struct TensorSalvage {
    /// Where whole records lie; of several with one key the last is kept, all being equal by checksum or
    /// chosen by `prefer`.
    private(set) var places: [TensorKey: TensorFileAudit.Place] = [:]
    private let path: String

    /// Searches a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - prefer: The checksum that the catalogue names for a key, if it does.
    /// - Throws: `StoreError` if the file cannot be read at all.
    init(_ path: String, prefer: (TensorKey) -> String?) throws(StoreError) {
        self.path = path
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError.system(errno, "open", path) }
        defer { close(file) }
        let size = fileByteCount(path)
        let pageSize = Self.pageSize(file)
        for number in 2..<max(2, size / pageSize) {
            guard let page = try? TensorFilePage(file, at: number * pageSize, count: pageSize),
                page.number == UInt64(number), page.flags == TensorFilePage.Kind.leaf
            else { continue }
            for node in page.readableNodes {
                guard let key = TensorKey(page.key(of: node)),
                    let value = page.value(of: node, pageSize: pageSize)
                else { continue }
                let offset =
                    value.overflowPage == nil ? number * pageSize + value.offset : value.offset
                guard offset + value.byteCount <= size else { continue }
                let place = TensorFileAudit.Place(offset: offset, byteCount: value.byteCount)
                guard let record = Self.record(file, key, place) else { continue }
                let isWanted = prefer(key).map { $0 == record.header.checksumText }
                if places[key] == nil || isWanted == true { places[key] = place }
            }
        }
    }

    /// Lends every record that was found, in the order of keys.
    func forEachRecord(_ body: (TensorRecord) throws -> Void) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError.system(errno, "open", path) }
        defer { close(file) }
        let keys = places.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        for key in keys {
            guard let place = places[key], let record = Self.record(file, key, place) else {
                continue
            }
            try body(record)
        }
    }

    /// The page size that either meta page names, or that of this machine.
    private static func pageSize(_ file: Int32) -> Int {
        let offsets = [0, 4096, 8192, 16_384, 32_768, 65_536]
        for offset in offsets {
            guard let page = try? TensorFilePage(file, at: offset, count: 512),
                page.flags == TensorFilePage.Kind.meta
            else { continue }
            let size = TensorFileMeta(page).pageSize
            if (512...65_536).contains(size), size & (size - 1) == 0 { return size }
        }
        return 4096
    }

    /// The record at a place, if it is whole in itself and belongs to its key.
    static func record(
        _ file: Int32,
        _ key: TensorKey,
        _ place: TensorFileAudit.Place
    ) -> TensorRecord? {
        guard place.byteCount >= TensorHeader.byteCount else { return nil }
        var bytes = Data(count: place.byteCount)
        let count = bytes.withUnsafeMutableBytes {
            pread(file, $0.baseAddress, place.byteCount, off_t(place.offset))
        }
        guard count == place.byteCount else { return nil }
        let header = try? bytes.withUnsafeBytes { try TensorHeader($0) }
        guard let header, header.idPrefix.elementsEqual(key.bytes.prefix(8)),
            header.kind == key.bytes[32]
        else { return nil }
        let payload = bytes.dropFirst(TensorHeader.byteCount)
        guard payload.withUnsafeBytes({ xxh3($0) }) == header.checksum else { return nil }
        return TensorRecord(
            key: key,
            tensor: RawTensor(dtype: header.dtype, shape: header.shape, bytes: Data(payload))
        )
    }
}

extension TensorFilePage {
    /// The nodes of a page that may be damaged, as far as they lie inside of it.
    fileprivate var readableNodes: [Int] {
        if let nodes { return nodes }
        return stride(from: Self.headerByteCount, to: min(Int(word16(12)), count - 1), by: 2)
            .map { Int(word16($0)) }
            .filter { node in
                node >= Self.headerByteCount && node + 8 <= count
                    && node + 8 + Int(word16(node + 6)) <= count
            }
    }
}
