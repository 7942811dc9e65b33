public import Foundation
import GRDB
import Hashing
public import Tensors

extension Library {
    /// The clip of an id.
    ///
    /// - Throws: `StoreError`, `.unknownReference` if the library has no such clip.
    public func clip(_ id: ClipID) throws(StoreError) -> Clip {
        let found = try reading("look up clip \(id)") { db in
            try ClipRow.fetch(db, where: "clips.identity = ?", arguments: [id.hex]).first
        }
        guard let found else {
            throw StoreError(.unknownReference, "clip \(id): not in \"\(path)\"; see vsdb list")
        }
        return found
    }

    /// The assets of a clip, by kind.
    ///
    /// - Throws: `StoreError`, `.unknownReference` if the library has no such clip.
    public func assets(of id: ClipID) throws(StoreError) -> [Asset] {
        try reading("list assets of clip \(id)") { db in
            guard try ClipRow.name(of: id, db) != nil else {
                throw StoreError(.unknownReference, "clip \(id): not in \"\(path)\"; see vsdb list")
            }
            return try AssetRow.fetch(db, where: "clips.identity = ?", arguments: [id.hex])
        }
    }

    /// The numbers of an asset, checked against their checksum.
    ///
    /// - Returns: A copy that outlives every transaction.
    /// - Throws: `StoreError`: `.unknownReference`, `.damaged` naming clip, file and source.
    public func tensor(_ id: AssetID) throws(StoreError) -> RawTensor {
        let tensors = try tensors(where: "assets.id = ?", [id.number], "asset \(id)")
        guard let tensor = tensors.first?.tensor else {
            throw StoreError(.unknownReference, "asset \(id): not in \"\(path)\"; see vsdb show")
        }
        return tensor
    }

    /// The numbers of the asset of one kind of a clip, checked against their checksum.
    ///
    /// - Returns: A copy, or nil if the clip has no asset of that kind.
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source.
    public func tensor(of id: ClipID, _ kind: AssetKind) throws(StoreError) -> RawTensor? {
        try tensors(
            where: "clips.identity = ? AND assets.kind = ?",
            [id.hex, Int(kind.rawValue)],
            "\(kind.name) of clip \(id)"
        ).first?.tensor
    }

    /// The small pictures of a clip as they were stored; nil if it has none.
    ///
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source.
    public func thumbnails(of id: ClipID) throws(StoreError) -> Data? {
        try tensor(of: id, .thumbnails)?.bytes
    }

    /// All numbers of one kind that one pack made, from one snapshot, by clip name.
    ///
    /// Numbers of two packs are never comparable, so the pack is not optional.
    ///
    /// - Throws: `StoreError`, `.damaged` naming clip, file and source.
    public func tensors(
        _ kind: AssetKind,
        packFingerprint: String
    ) throws(StoreError) -> [(clip: ClipID, tensor: RawTensor)] {
        try tensors(
            where: "assets.kind = ? AND assets.pack_fingerprint = ?",
            [Int(kind.rawValue), packFingerprint.lowercased()],
            kind.name
        )
    }

    /// Reads rows first and their records after: what a row names was stored before it.
    ///
    /// Between the two snapshots a collector may take what was removed; then the rows are gone
    /// when they are read once more. An asset that is missing twice is damage.
    func tensors(
        where condition: String,
        _ arguments: StatementArguments,
        _ what: String
    ) throws(StoreError) -> [(clip: ClipID, tensor: RawTensor)] {
        var missing: Asset?
        while true {
            let attempt = try reading("read \(what)") { db in
                let assets = try AssetRow.fetch(db, where: condition, arguments: arguments)
                let attempt = try tensors.read { try read(assets, $0, db) }
                if let asset = attempt.missing, asset.id == missing?.id {
                    throw try damaged(asset, "is missing", db)
                }
                return attempt
            }
            guard let asset = attempt.missing else { return attempt.found }
            missing = asset
        }
    }

    private func read(
        _ assets: [Asset],
        _ snapshot: TensorTransaction,
        _ db: Database
    ) throws -> Attempt {
        var found: [(clip: ClipID, tensor: RawTensor)] = []
        for asset in assets {
            guard let tensor = try tensor(asset, snapshot, db) else {
                return Attempt(found: found, missing: asset)
            }
            found.append((asset.clipID, tensor))
        }
        return Attempt(found: found, missing: nil)
    }

    private struct Attempt {
        let found: [(clip: ClipID, tensor: RawTensor)]
        let missing: Asset?
    }

    /// Copies and checks one record; nil if there is none.
    func tensor(
        _ asset: Asset,
        _ snapshot: TensorTransaction,
        _ db: Database
    ) throws -> RawTensor? {
        try snapshot.withValue(asset.key) { value in
            do throws(RecordFault) { return try asset.check(value) } catch {
                throw try damaged(asset, error.rule, db)
            }
        }
    }

    /// A record that is missing or not what was written, with the clip and its source.
    func damaged(_ asset: Asset, _ problem: String, _ db: Database) throws -> StoreError {
        let clip = try ClipRow.fetch(
            db,
            where: "clips.identity = ?",
            arguments: [asset.clipID.hex]
        ).first
        let name = clip?.name ?? asset.clipID.short
        let again = clip.map { "vsdb ingest \"\($0.source.path)\"" } ?? "ingest its film"
        return StoreError(
            .damaged,
            "clip \"\(name)\" (\(asset.clipID)): the record of its \(asset.kind.name), asset "
                + "\(asset.id), in \"\(tensors.folder)/data.mdb\" \(problem); to make it again: "
                + "vsdb repair, then \(again); or restore the library from a backup"
        )
    }
}

extension Asset {
    /// Copies the numbers of a record that is as the catalogue says.
    func check(_ value: UnsafeRawBufferPointer) throws(RecordFault) -> RawTensor {
        // The size comes first: in a damaged tree it may reach beyond the file.
        guard value.count == TensorHeader.byteCount + byteCount else {
            throw RecordFault("has \(value.count) bytes instead of \(byteCount + 48)")
        }
        let header = try TensorHeader(value)
        guard header.dtype == dtype, header.shape == shape, header.kind == kind.rawValue,
            header.checksumText == checksum,
            header.idPrefix.elementsEqual(key.bytes.prefix(8))
        else { throw RecordFault("is another one than the catalogue names") }
        let payload = UnsafeRawBufferPointer(rebasing: value[TensorHeader.byteCount...])
        // Copied before it is checked, so that the checked bytes are the returned ones.
        let bytes = Data(payload)
        guard bytes.withUnsafeBytes({ xxh3($0) }) == header.checksum else {
            throw RecordFault("does not match its checksum")
        }
        return RawTensor(dtype: dtype, shape: shape, bytes: bytes)
    }
}
