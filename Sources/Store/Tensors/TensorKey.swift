import Foundation

/// The key of a tensor record: 32 bytes of clip id, one byte of asset kind, one zero byte.
struct TensorKey: Hashable {
    static let byteCount = 34

    let bytes: [UInt8]

    init(clip: ClipID, kind: AssetKind) {
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
        self.bytes = bytes + [kind.rawValue, 0]
    }

    /// Takes the bytes of a stored key, or nothing of another length.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    var data: Data { Data(bytes) }
}
