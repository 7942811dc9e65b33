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
    var sourceSHA256: String
    var sourcePath: String
    var sourceByteCount: Int
    var mediaKind: MediaKind
    var container: String
    var start: Double
    var end: Double
    var caption: String?
    var tags: [String]
    var packFingerprint: String
    var settings: String

    /// The card of a clip to add; nil if its times are no numbers, which `validate` refuses.
    init?(_ clip: NewClip) {
        guard clip.start.isFinite, clip.end.isFinite else { return nil }
        name = clip.name
        isSegment = clip.isSegment
        sourceSHA256 = clip.source.sha256
        sourcePath = clip.source.path
        sourceByteCount = clip.source.byteCount
        mediaKind = clip.source.mediaKind
        container = clip.source.containerJSON
        start = clip.start
        end = clip.end
        caption = clip.caption
        tags = clip.tags
        packFingerprint = clip.packFingerprint
        settings = clip.settings
    }

    /// The card of a clip of the library.
    init(_ clip: Clip) {
        name = clip.baseName
        isSegment = clip.isSegment
        sourceSHA256 = clip.source.sha256
        sourcePath = clip.source.path
        sourceByteCount = clip.source.byteCount
        mediaKind = clip.source.mediaKind
        container = clip.source.containerJSON
        start = clip.start
        end = clip.end
        caption = clip.caption
        tags = clip.tags
        packFingerprint = clip.packFingerprint
        settings = clip.settings
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
            source: Source(
                sha256: sourceSHA256,
                path: sourcePath,
                byteCount: sourceByteCount,
                mediaKind: mediaKind,
                containerJSON: container
            ),
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
    func record(of id: ClipID) -> TensorRecord {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(self)) ?? Data()
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
                    .map { ClipCard($0).record(of: id) }
            }
            try tensors.replace(records)
        }
    }
}
