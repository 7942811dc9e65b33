import Foundation
import GRDB
import Hashing
import Tensors

/// What the catalogue says of a clip, kept beside its tensors.
///
/// The catalogue is one small file; if it is lost, repair writes it again from the cards. A card is
/// written with the clip's tensors and again when it is renamed, tagged or captioned. No row names it:
/// it belongs to the row of its clip.
struct ClipCard: Codable, Equatable {
    /// The kind in the key and header of its record.
    static let kind: UInt8 = 0

    var version = 1
    /// The base name.
    var name: String
    var isSegment: Bool
    var source: Source
    var start: Double
    var end: Double
    var caption: String?
    var tags: [String]
    var packFingerprint: String
    var settings: String

    /// The card of a clip to add.
    init(_ clip: NewClip) {
        (name, isSegment, source) = (clip.name, clip.isSegment, clip.source)
        (start, end, caption, tags) = (clip.start, clip.end, clip.caption, clip.tags)
        (packFingerprint, settings) = (clip.packFingerprint, clip.settings)
    }

    /// The card of a clip of the library.
    init(_ clip: Clip) {
        (name, isSegment, source) = (clip.baseName, clip.isSegment, clip.source)
        (start, end, caption, tags) = (clip.start, clip.end, clip.caption, clip.tags)
        (packFingerprint, settings) = (clip.packFingerprint, clip.settings)
    }

    /// Reads a stored record; nil if it is not as it was written.
    init?(record value: UnsafeRawBufferPointer) {
        guard let header = try? TensorHeader(value), header.kind == Self.kind else { return nil }
        let payload = Data(value[TensorHeader.byteCount...])
        guard payload.withUnsafeBytes({ xxh3($0) }) == header.checksum else { return nil }
        self.init(payload)
    }

    /// Reads the bytes of a card.
    init?(_ bytes: Data) {
        guard let card = try? JSONDecoder().decode(Self.self, from: bytes), card.version == 1 else {
            return nil
        }
        self = card
    }

    /// The clip without its tensors.
    var clip: NewClip {
        var clip = NewClip(
            source: source,
            start: start,
            end: end,
            name: name,
            packFingerprint: packFingerprint,
            settings: settings,
            assets: []
        )
        clip.isSegment = isSegment
        clip.caption = caption
        clip.tags = tags
        return clip
    }

    /// The record to store.
    ///
    /// - Throws: An error of the encoder, for times that are no numbers.
    func record(of id: ClipID) throws -> TensorRecord {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(self)
        return TensorRecord(
            key: TensorKey(cardOf: id),
            tensor: RawTensor(dtype: .uint8, shape: [bytes.count], bytes: bytes)
        )
    }
}

extension Library {
    /// Writes the cards of clips that were changed; called under the catalogue's write lock.
    ///
    /// If the rows are not committed after all, the cards are ahead of them by one change.
    func writeCards(of ids: [ClipID], _ db: Database) throws {
        for start in stride(from: 0, to: ids.count, by: 1024) {
            let records = try ids[start..<min(start + 1024, ids.count)].compactMap { id in
                try ClipRow.fetch(db, where: "clips.identity = ?", arguments: [id.hex]).first
                    .map { try ClipCard($0).record(of: id) }
            }
            try tensors.put(records, replacing: true)
        }
    }
}
