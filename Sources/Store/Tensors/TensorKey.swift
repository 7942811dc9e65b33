import Foundation

/// The key of a tensor record: 32 bytes of clip id, one byte of asset kind, one zero byte.
///
/// The kind 0 is the clip's card, see `ClipCard`.
struct TensorKey: Hashable {
    static let byteCount = 34

    let bytes: [UInt8]

    init(clip: ClipID, kind: AssetKind) { self.init(clip: clip, kind: kind.rawValue) }

    /// The key of a clip's card.
    init(cardOf clip: ClipID) { self.init(clip: clip, kind: ClipCard.kind) }

    /// The clip that the record belongs to.
    var clip: ClipID? { ClipID(hex: bytes.prefix(32).map { hexadecimal8($0) }.joined()) }

    /// Whether the record is a card.
    var isCard: Bool { bytes[32] == ClipCard.kind }

    private init(clip: ClipID, kind: UInt8) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        var high: UInt8?
        for digit in clip.hex.utf8 {
            let value = digit <= 57 ? digit &- 48 : digit &- 87
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.bytes = bytes + [kind, 0]
    }

    /// Takes the bytes of a stored key, or nothing of another length.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    var data: Data { Data(bytes) }
}

/// Two hexadecimal digits.
private func hexadecimal8(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count < 2 ? "0" + digits : digits
}
