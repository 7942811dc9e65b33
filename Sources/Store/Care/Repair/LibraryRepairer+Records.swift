import Foundation
import GRDB
import Glibc

/// Records that are not what the rows name.
extension LibraryRepairer {
    /// Gives rows to records that lost them, and takes out clips whose numbers are damaged.
    mutating func mendRecords(
        _ catalog: Catalog,
        _ store: TensorStore,
        _ broken: BrokenRows
    ) throws {
        guard let audit = try TensorFileAudit(path: tensorsPath, transaction: nil) else {
            throw StoreError(
                .failed,
                "tensors \"\(tensorsPath)\": changed while they were repaired"
            )
        }
        let file = open(tensorsPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw StoreError.system(errno, "open", tensorsPath) }
        defer { close(file) }
        var spoilt: [TensorKey] = []
        try catalog.write { db in
            let unreadable = try restoreAssetRows(audit, store, db)
            for key in unreadable { try keepRecord(of: key, audit.records[key], file) }
            try reportLost(broken, db)
            for clip in try AssetRow.clipsWithoutContent(db) {
                guard let number = try clipNumber(clip, db) else { continue }
                try takeOut(clip, number, "its content code is gone", db)
            }
            spoilt = try unreadable + takeOutDamagedAssets(audit, file, db)
            if !unreadable.isEmpty {
                report.actions.append(
                    "took out \(unreadable.count) records that have no row and cannot be read"
                )
            }
        }
        // Rows first: a row never lacks its record.
        try store.delete(spoilt)
    }

    /// Names what was taken out and did not come back.
    private mutating func reportLost(_ broken: BrokenRows, _ db: Database) throws {
        for (lost, ids) in broken.clips
        where try ids.allSatisfy({ try ClipRow.name(of: $0, db) == nil }) {
            report.lostClips.append(lost)
        }
        for (clip, kind, reason) in broken.assets {
            guard let number = try clipNumber(clip, db) else { continue }
            let isThere = try Int.fetchOne(
                db,
                sql: "SELECT 1 FROM assets WHERE clip_id = ? AND kind = ?",
                arguments: [number, Int(kind.rawValue)]
            )
            if isThere == nil, !kind.isDerived { try takeOut(clip, number, reason, db) }
        }
    }

    /// Takes out assets whose records are damaged; with what cannot be computed again, the clip goes.
    private mutating func takeOutDamagedAssets(
        _ audit: TensorFileAudit,
        _ file: Int32,
        _ db: Database
    ) throws -> [TensorKey] {
        var buffer: [UInt8] = []
        var damaged: [(asset: Asset, fault: String)] = []
        var whole: [(asset: Asset, header: TensorHeader)] = []
        try AssetRow.forEach(db) { row in
            // The rows that are damaged themselves were taken out; others are of a newer vsdb.
            guard case .success(let asset) = row else { return }
            let place = audit.records[asset.key]
            let fault = try asset.fault(in: file, at: place, &buffer, readsData: true)
            guard let fault else { return }
            // A record that is whole in itself is right, and the row is not.
            if let place, let record = TensorSalvage.record(file, asset.key, place) {
                whole.append((asset, record.header))
            } else {
                damaged.append((asset, fault))
            }
        }
        for (asset, header) in whole { try rewriteRow(of: asset, header, db) }
        for (asset, _) in damaged { try keepRecord(of: asset.key, audit.records[asset.key], file) }
        let byClip = Dictionary(grouping: damaged, by: \.asset.clipID)
        for (clip, assets) in byClip.sorted(by: { $0.key < $1.key }) {
            if let (asset, fault) = assets.first(where: { !$0.asset.kind.isDerived }) {
                guard let number = try clipNumber(clip, db) else { continue }
                try takeOut(clip, number, "the record of its \(asset.kind.name) \(fault)", db)
                continue
            }
            for (asset, _) in assets {
                try takeOut("assets", "id = ?", [asset.id.number], db)
                report.actions.append(
                    "dropped the \(asset.kind.name) of clip \(clip): it is derived"
                )
            }
        }
        return damaged.map(\.asset.key)
    }

    /// Writes the row of an asset again, from its record.
    private mutating func rewriteRow(
        of asset: Asset,
        _ header: TensorHeader,
        _ db: Database
    ) throws {
        guard let number = try clipNumber(asset.clipID, db),
            let pack = try String.fetchOne(
                db,
                sql: "SELECT pack_fingerprint FROM clips WHERE id = ?",
                arguments: [number]
            )
        else { return }
        try takeOut("assets", "id = ?", [asset.id.number], db)
        try AssetRow.insert(
            asset.kind,
            asset.key,
            header,
            clip: number,
            pack: pack,
            provenance: asset.provenanceJSON,
            db
        )
        report.actions.append(
            "wrote the row of the \(asset.kind.name) of clip \(asset.clipID) again, from its record"
        )
    }

    private func keepRecord(
        of key: TensorKey,
        _ place: TensorFileAudit.Place?,
        _ file: Int32
    ) throws {
        // A size that no record has is damage of the size.
        guard let place, place.byteCount < 1 << 30 else { return }
        var bytes = Data(count: place.byteCount)
        let count = bytes.withUnsafeMutableBytes {
            pread(file, $0.baseAddress, place.byteCount, off_t(place.offset))
        }
        guard count >= 0 else { throw StoreError.system(errno, "read", tensorsPath) }
        try quarantine.keep(record: bytes.prefix(count), of: key)
    }

    func clipNumber(_ clip: ClipID, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: "SELECT id FROM clips WHERE identity = ?",
            arguments: [clip.hex]
        )
    }

    /// Takes out a clip whose rows are whole and whose numbers are not.
    private mutating func takeOut(
        _ id: ClipID,
        _ number: Int64,
        _ reason: String,
        _ db: Database
    ) throws {
        let clips = try ClipRow.fetch(db, where: "clips.id = ?", arguments: [number])
        for clip in clips {
            report.lostClips.append(
                LostClip(
                    id: id,
                    name: clip.name,
                    sourcePath: clip.source.path,
                    start: clip.start,
                    end: clip.end,
                    reason: reason
                )
            )
        }
        let users = try String.fetchAll(
            db,
            sql: """
                SELECT DISTINCT name FROM compositions JOIN composition_parents
                ON composition_id = compositions.id WHERE clip_identity = ?
                """,
            arguments: [id.hex]
        )
        report.brokenCompositions = Set(report.brokenCompositions + users).sorted()
        try takeOutRows(ofClip: number, isWhole: true, db)
    }
}

extension AssetKind {
    /// Whether the numbers are computed again, or done without, where they are missing.
    var isDerived: Bool { self == .motion || self == .thumbnails }
}
